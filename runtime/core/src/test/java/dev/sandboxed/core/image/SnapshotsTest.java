package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.ImageException;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.PrunedImages;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotsTest {
  private static final StoreLimits NOTHING = new StoreLimits(new ByteSize(0), Duration.ofDays(30));

  @TempDir private Path directory = Path.of("");

  @Test
  void keepsWhatChangedAsAnImage() throws IOException {
    try (var store = open()) {
      PreparedImage parent = store.prepare(base().env("A", "1").workdir("/srv"));

      String id = snapshot(store, parent, "a", "1");

      try (var other = open()) {
        PreparedImage prepared = other.prepare(new SnapshotImage(id));
        assertThat(BuiltImagesTest.contents(prepared))
            .containsEntry("base", "base")
            .containsEntry("a", "1");
        assertThat(prepared.environment()).containsEntry("A", "1");
        assertThat(prepared.workingDirectory()).isEqualTo("/srv");
        assertThat(prepared.digest()).isEqualTo(id);
      }
      assertThat(snapshot(store, parent, "a", "1")).isEqualTo(id);
      assertThat(snapshot(store, parent, "a", "2")).isNotEqualTo(id);
    }
  }

  @Test
  void isABaseForSteps() throws IOException {
    try (var store = open()) {
      String id = snapshot(store, store.prepare(base()), "a", "1");

      PreparedImage prepared =
          store.prepare(new SnapshotImage(id).run("write", "b", "2"), new WritingSteps());

      assertThat(BuiltImagesTest.contents(prepared))
          .containsEntry("base", "base")
          .containsEntry("a", "1")
          .containsEntry("b", "2");
    }
  }

  /** However deep: one file is made for each, from the one before, and few layers are read. */
  @Test
  void doesNotCostMoreTheDeeperItIs() throws IOException {
    try (var store = open()) {
      PreparedImage image = store.prepare(base());
      for (int i = 1; i <= 30; i++) {
        String id = snapshot(store, image, "f" + i, "" + i);
        assertThat(names("images")).hasSize(i);
        image = store.prepare(new SnapshotImage(id));
        assertThat(names("images")).hasSize(i + 1);
        SnapshotRecord record =
            SnapshotRecord.parse(Files.readAllBytes(root().resolve("snapshots").resolve(id)))
                .orElseThrow();
        assertThat(record.layers()).hasSizeLessThanOrEqualTo(8);
      }
      assertThat(BuiltImagesTest.contents(image)).hasSize(31).containsEntry("f17", "17");
    }
  }

  @Test
  void needsNoFileBetweenItsBaseAndItself() throws IOException {
    try (var store = open()) {
      PreparedImage base = store.prepare(base());
      PreparedImage first = store.prepare(new SnapshotImage(snapshot(store, base, "a", "1")));
      String second = snapshot(store, first, "b", "2");
      Files.delete(first.erofs());

      assertThat(BuiltImagesTest.contents(store.prepare(new SnapshotImage(second))))
          .containsEntry("a", "1")
          .containsEntry("b", "2");
    }
  }

  @Test
  void staysWhenTheStoreIsPrunedUntilItsTimeIsOver() throws IOException {
    try (var store = open()) {
      PreparedImage base = store.prepare(base());
      String kept = snapshot(store, base, "a", "1");
      store.prepare(new SnapshotImage(kept));
      String ended =
          store.addSnapshot(
              base, layer -> WritingSteps.write(layer, "b", "2"), Optional.of(Duration.ZERO));
      age();

      assertThatThrownBy(() -> store.prepare(new SnapshotImage(ended)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("there is no such snapshot");
      PrunedImages report = store.prune(NOTHING);

      assertThat(report.snapshots()).isEqualTo(1);
      assertThat(report.layers()).isEqualTo(1);
      // Its own file can be made again.
      assertThat(report.images()).isEqualTo(1);
      assertThat(names("snapshots")).containsExactly(kept);
      assertThat(BuiltImagesTest.contents(store.prepare(new SnapshotImage(kept))))
          .containsEntry("base", "base")
          .containsEntry("a", "1");
      assertThat(store.removeSnapshot(kept)).isTrue();
      assertThat(store.removeSnapshot(kept)).isFalse();
      age();
      store.prune(NOTHING);
      assertThat(names("images")).isEmpty();
      assertThat(names("layers")).isEmpty();
    }
  }

  @Test
  void livesAsLongAsTheLongestOfThoseWhoTookIt() throws IOException {
    try (var store = open()) {
      PreparedImage base = store.prepare(base());
      LayerWriter changes = layer -> WritingSteps.write(layer, "a", "1");
      String id = store.addSnapshot(base, changes, Optional.of(Duration.ofHours(1)));
      store.addSnapshot(base, changes, Optional.of(Duration.ofMillis(1)));
      assertThat(store.prune(NOTHING).snapshots()).isZero();
      store.addSnapshot(base, changes, Optional.empty());

      SnapshotRecord record =
          SnapshotRecord.parse(Files.readAllBytes(root().resolve("snapshots").resolve(id)))
              .orElseThrow();
      assertThat(record.expires()).isEmpty();
    }
  }

  @Test
  void keepsNoLayerThatIsNone() throws IOException {
    try (var store = open()) {
      PreparedImage base = store.prepare(base());

      assertThatThrownBy(
              () ->
                  store.addSnapshot(
                      base, layer -> Files.writeString(layer, "none"), Optional.empty()))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("The tar archive is cut off");
      assertThat(names("layers")).isEmpty();
      assertThat(names("snapshots")).isEmpty();
    }
  }

  @Test
  void saysThatWhatItNeedsIsGone() throws IOException {
    try (var store = open()) {
      PreparedImage base = store.prepare(base());
      String id = snapshot(store, base, "a", "1");
      Path layer = root().resolve("layers").resolve(names("layers").get(0));
      byte[] bytes = Files.readAllBytes(layer);
      bytes[700] ^= 1;
      Files.delete(layer);
      Files.write(layer, bytes);

      assertThatThrownBy(() -> store.prepare(new SnapshotImage(id)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("is gone or damaged, which a snapshot cannot do without");
      assertThatThrownBy(() -> store.prepare(new SnapshotImage("0".repeat(64))))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("there is no such snapshot");
      assertThatThrownBy(() -> new SnapshotImage("../keys"))
          .isInstanceOf(InvalidSpecException.class)
          .hasMessageContaining("\"../keys\"");
      Path record = root().resolve("snapshots").resolve(id);
      String text = Files.readString(record);
      Files.delete(record);
      Files.writeString(record, text.replace("\"workdir\":\"/\"", "\"workdir\":\"/x\""));
      assertThatThrownBy(() -> store.prepare(new SnapshotImage(id)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("there is no such snapshot");
      Files.delete(base.erofs());
      assertThatThrownBy(() -> snapshot(store, base, "a", "1"))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("is gone from the store");
    }
  }

  @Test
  void leavesWhatAProcessHasOpen() throws IOException {
    try (var store = open()) {
      PreparedImage open = store.prepare(base());
      PreparedImage closed = store.prepare(base().run("write", "a", "1"), new WritingSteps());
      age();
      try (FileChannel channel = FileChannel.open(open.erofs())) {
        assertThat(channel.isOpen()).isTrue();
        assertThat(store.prune(NOTHING).images()).isEqualTo(1);
        assertThat(open.erofs()).exists();
        assertThat(closed.erofs()).doesNotExist();
      }
      age();
      assertThat(store.prune(NOTHING).images()).isEqualTo(1);
    }
  }

  private String snapshot(ImageStore store, PreparedImage parent, String name, String text) {
    return store.addSnapshot(
        parent, layer -> WritingSteps.write(layer, name, text), Optional.empty());
  }

  private Image base() throws IOException {
    Path source = directory.resolve("base");
    if (!Files.exists(source)) {
      Files.createDirectory(source);
      Files.writeString(source.resolve("base"), "base");
    }
    return Image.directory(source);
  }

  private ImageStore open() {
    return ImageStore.open(root());
  }

  private Path root() {
    return directory.resolve("store");
  }

  /** Makes all files look unused for an hour. */
  private void age() throws IOException {
    for (String name : List.of("images", "layers")) {
      for (String file : names(name)) {
        Files.setLastModifiedTime(
            root().resolve(name).resolve(file),
            FileTime.from(Instant.now().minus(Duration.ofHours(1))));
      }
    }
  }

  private List<String> names(String name) throws IOException {
    try (Stream<Path> files = Files.list(root().resolve(name))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}

package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Image;
import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TarWriter;
import dev.sandboxed.core.tree.TreeBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that are used before all of them is on the disk. */
class UnsyncedImagesTest {
  private static final String OTHER_BOOT = "4ef2c1a0-7d0b-4c67-9a9f-8f4a1f1f0c11";
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
  private static final int LARGE = 33 << 20;
  private static final String END = "the end";

  @TempDir private Path directory = Path.of("");

  @BeforeEach
  void makeSource() throws IOException {
    var source = Files.createDirectory(directory.resolve("source"));
    try (var large =
        FileChannel.open(
            source.resolve("large"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      large.write(ByteBuffer.wrap(END.getBytes(StandardCharsets.UTF_8)), LARGE);
    }
  }

  @Test
  void getToTheDiskMeanwhile() throws IOException {
    try (var store = open()) {
      var image = prepare(store);

      await().untilAsserted(() -> assertThat(marks()).isEmpty());
      assertThat(end(image)).isEqualTo(END);
    }
  }

  /** As after a power failure: the file system's head is there, what it says of files is not. */
  @ParameterizedTest
  @ValueSource(strings = {OTHER_BOOT, "", "damaged"})
  void areMadeAgainAfterTheMachineEndedBeforeThat(String mark) throws IOException {
    try (var store = open()) {
      var image = synced(store);
      lose(image);
      Files.writeString(mark(image), mark);
    }
    try (var store = open()) {
      var image = prepare(store);

      assertThat(end(image)).isEqualTo(END);
      await().untilAsserted(() -> assertThat(marks()).isEmpty());
    }
  }

  /** Their maker was killed, and what it wrote is there nevertheless. */
  @Test
  void areUsedWhileTheMachineRuns() throws IOException {
    try (var store = open()) {
      var image = synced(store);
      Files.writeString(mark(image), Files.readString(BOOT).strip());
      var before = Files.getAttribute(image, "unix:ino");
      try (var other = open()) {
        assertThat(Files.getAttribute(prepare(other), "unix:ino")).isEqualTo(before);
        await().untilAsserted(() -> assertThat(marks()).isEmpty());
        assertThat(Files.getAttribute(image, "unix:ino")).isEqualTo(before);
      }
    }
  }

  /** Nobody could make what a snapshot lies on again. */
  @Test
  void areOnTheDiskBeforeASnapshotLiesOnThem() throws IOException {
    try (var store = open()) {
      var parent = store.prepare(Image.directory(directory.resolve("source")));

      store.addSnapshot(
          parent,
          layer -> {
            try (var out = Files.newOutputStream(layer)) {
              TarWriter.write(new TreeBuilder().build(), out);
            }
          },
          Optional.empty());

      assertThat(marks()).isEmpty();
    }
  }

  private Path synced(ImageStore store) throws IOException {
    var image = prepare(store);
    await().untilAsserted(() -> assertThat(marks()).isEmpty());
    return image;
  }

  private Path prepare(ImageStore store) {
    return store.prepare(Image.directory(directory.resolve("source"))).erofs();
  }

  private ImageStore open() {
    return ImageStore.open(directory.resolve("store"));
  }

  private List<Path> marks() {
    try (Stream<Path> marks = Files.list(directory.resolve("store/unsynced"))) {
      return marks.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path mark(Path image) {
    return directory.resolve("store/unsynced").resolve(ErofsFiles.digest(image));
  }

  private static void lose(Path image) throws IOException {
    var size = Files.size(image);
    Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-------"));
    try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.truncate(8192);
      file.write(ByteBuffer.allocate(1), size - 1);
    }
  }

  private static String end(Path image) throws IOException {
    try (var reader = ErofsReader.open(image)) {
      var content = ((Node.Regular) reader.tree().find("large").orElseThrow()).content();
      return new String(bytes(content), LARGE, END.length(), StandardCharsets.UTF_8);
    }
  }

  private static byte[] bytes(Content content) throws IOException {
    var bytes = new ByteArrayOutputStream();
    content.copyTo(Channels.newChannel(bytes));
    return bytes.toByteArray();
  }
}

package dev.sandboxed.core.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Images.Carried;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.registry.ImageConfig;
import dev.sandboxed.core.registry.RegistrySettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CarriedStoreTest {
  private static final ByteSize ROOM = ByteSize.parse("1g");

  @TempDir private Path directory = Path.of("");

  @Test
  void carriesWhatStepsMadeAndSnapshotsToAnotherStore() throws IOException {
    String id;
    PreparedImage made;
    try (var store = open("one")) {
      made = store.prepare(image(), new WritingSteps());
      id = snapshot(store, made, "s");
      assertThat(store.exportCache(cache(), ROOM).steps()).isEqualTo(3);
    }
    try (var other = open("two")) {
      var carried = other.importCache(cache());
      assertThat(carried.steps()).isEqualTo(3);
      assertThat(carried.snapshots()).isEqualTo(1);
      assertThat(carried.size().bytes()).isPositive();
      assertThat(carried.leftOut()).isEmpty();

      var steps = new WritingSteps();
      var again = other.prepare(image(), steps);
      assertThat(steps.ran()).isEmpty();
      assertThat(again.digest()).isEqualTo(made.digest());
      assertThat(BuiltImagesTest.contents(again)).isEqualTo(BuiltImagesTest.contents(made));
      assertThat(BuiltImagesTest.contents(other.prepare(new SnapshotImage(id))))
          .containsEntry("a", "1")
          .containsEntry("s", "s");
      assertThat(other.importCache(cache()))
          .isEqualTo(new Carried(0, 0, new ByteSize(0), List.of()));
    }
  }

  @Test
  void carriesWhatWasMadeOnTheToolsOfThisMachine() throws IOException {
    String id;
    var image = Image.host().with(ImageStep.write("/etc/made", "1"));
    try (var store = open("one")) {
      id = snapshot(store, store.prepare(image), "s");
      store.exportCache(cache(), ROOM);
    }
    try (var other = open("two")) {
      var carried = other.importCache(cache());
      assertThat(carried.leftOut()).isEmpty();
      assertThat(carried.steps()).isEqualTo(1);
      assertThat(other.prepare(new SnapshotImage(id)).mounts())
          .isEqualTo(other.prepare(Image.host()).mounts());
    }
  }

  @Test
  void writesAgainWhatIsDamagedAndRemovesWhatIsNotWanted() throws IOException {
    try (var store = open("one")) {
      store.prepare(image(), new WritingSteps());
      store.exportCache(cache(), ROOM);
      var before = blobs();
      damage(before.get(0));
      Files.writeString(cache().resolve("blobs").resolve("0".repeat(64)), "x");
      store.exportCache(cache(), ROOM);
      assertThat(blobs()).isEqualTo(before);
    }
    try (var other = open("two")) {
      assertThat(other.importCache(cache()).leftOut()).isEmpty();
    }
  }

  @Test
  void takesWhatWasUsedLastIfThereIsNoRoomForAll() throws IOException {
    try (var store = open("one")) {
      store.prepare(image(), new WritingSteps());
      var keys = directory.resolve("one/keys");
      var old = Instant.now().minus(Duration.ofDays(3));
      try (var all = Files.list(keys)) {
        for (var file : all.toList()) {
          Files.setLastModifiedTime(file, FileTime.from(old));
        }
      }
      store.prepare(base().run("write", "new", "n"), new WritingSteps());

      var layer = Files.size(blob(store));
      var carried = store.exportCache(cache(), new ByteSize(layer));

      assertThat(carried.steps()).isEqualTo(1);
      assertThat(carried.leftOut()).hasSize(3).allMatch(l -> l.contains("does not fit into"));
      assertThat(blobs()).hasSize(1);
    }
    try (var other = open("two")) {
      other.importCache(cache());
      var steps = new WritingSteps();
      other.prepare(base().run("write", "new", "n"), steps);
      assertThat(steps.ran()).isEmpty();
    }
  }

  @Test
  void whatIsCarriedGetsNoYounger() throws IOException {
    var old = Instant.parse("2026-01-02T03:04:05Z");
    try (var store = open("one")) {
      store.prepare(base().run("write", "a", "1"), new WritingSteps());
      try (var all = Files.list(directory.resolve("one/keys"))) {
        for (var file : all.toList()) {
          Files.setLastModifiedTime(file, FileTime.from(old));
        }
      }
      store.exportCache(cache(), ROOM);
    }
    try (var other =
        ImageStore.open(
            directory.resolve("two"),
            RegistrySettings.from(Settings.ofProcess()),
            new StoreLimits(ROOM, Duration.ofDays(100_000)))) {
      assertThat(other.importCache(cache()).steps()).isEqualTo(1);
      assertThat(other.list().get(0).lastUsed()).isEqualTo(old);
    }
  }

  @Test
  void leavesOutWhatIsDamagedFalseOrNoFile() throws IOException {
    var secret = Files.writeString(directory.resolve("secret"), "secret");
    try (var store = open("one")) {
      snapshot(store, store.prepare(image(), new WritingSteps()), "s");
      store.exportCache(cache(), ROOM);
    }
    for (var blob : blobs()) {
      var bytes = Files.readAllBytes(blob);
      for (var attack : List.of("flip", "cut", "longer", "link", "own link", "fifo", "none")) {
        Files.delete(blob);
        switch (attack) {
          case "flip" -> {
            Files.write(blob, bytes);
            damage(blob);
          }
          case "cut" -> Files.write(blob, Arrays.copyOf(bytes, bytes.length - 1));
          case "longer" -> Files.write(blob, Arrays.copyOf(bytes, bytes.length + 1));
          case "link" -> Files.createSymbolicLink(blob, secret);
          case "own link" ->
              Files.createSymbolicLink(
                  blob, Files.write(directory.resolve("copy-" + blob.getFileName()), bytes));
          case "fifo" -> assertThat(run("mkfifo", blob.toString())).isZero();
          default -> {}
        }
        var name = "store-" + attack + blob.getFileName();
        try (var other = open(name)) {
          var carried = other.importCache(cache());
          assertThat(carried.leftOut())
              .as(attack)
              .isNotEmpty()
              .allMatch(l -> l.contains("archive " + blob.getFileName() + " is "));
          assertThat(directory.resolve(name).resolve("layers").resolve(blob.getFileName()))
              .doesNotExist();
          // What the rest is good for is there, and nothing of the attack hurts.
          assertThat(BuiltImagesTest.contents(other.prepare(image(), new WritingSteps())))
              .containsEntry("a", "1")
              .containsEntry("b", "2");
        }
        Files.deleteIfExists(blob);
        Files.write(blob, bytes);
      }
    }
  }

  @Test
  void takesNoSnapshotThatShowsMoreOfThisMachine() throws IOException {
    try (var store = open("one")) {
      snapshot(store, store.prepare(base()), "s");
      store.exportCache(cache(), ROOM);
    }
    var index = index();
    var entry = (JsonObject) index.array("entries").orElseThrow().get(0);
    var snapshot =
        SnapshotRecord.parse(entry.object("snapshot").orElseThrow().toBytes()).orElseThrow();
    var greedy =
        new SnapshotRecord(
            snapshot.base(),
            snapshot.layers(),
            List.of(new HostMount(directory, "/home")),
            new ImageConfig(Map.of(), "/", Optional.empty(), List.of()),
            Optional.empty());
    var archives = entry.array("archives").orElseThrow();
    writeIndex(
        Map.of("id", greedy.image().digest(), "archives", archives, "snapshot", greedy.toJson()),
        Map.of("id", "0".repeat(64), "archives", archives, "snapshot", snapshot.toJson()),
        Map.of(
            "id", snapshot.image().digest(),
            "archives", List.of(archives.get(1), archives.get(1)),
            "snapshot", snapshot.toJson()));
    try (var other = open("two")) {
      var carried = other.importCache(cache());
      assertThat(carried.snapshots()).isZero();
      assertThat(carried.leftOut())
          .satisfiesExactly(
              l -> assertThat(l).endsWith("it was taken on a machine with other tools"),
              l -> assertThat(l).endsWith("it is another than its id says"),
              l -> assertThat(l).endsWith("its layers are others than it says"));
      assertThat(other.list()).isEmpty();
    }
  }

  @Test
  void refusesAnIndexThatIsNone() throws IOException {
    try (var store = open("one")) {
      assertRefused(store, "name the directory of an export");
      store.prepare(base().run("write", "a", "1"), new WritingSteps());
      store.exportCache(cache(), ROOM);
      var file = cache().resolve(CarriedStore.INDEX);
      var good = Files.readAllBytes(file);
      try (var other = open("two")) {
        writeIndex(Map.of("id", "../../../etc/passwd", "archives", List.of("0".repeat(64))));
        assertRefused(other, "is damaged; export it again");
        writeIndex(Map.of("id", "0".repeat(64), "archives", List.of("../../../etc/passwd")));
        assertRefused(other, "is damaged; export it again");
        replace(file, "{\"format\":2}".getBytes(UTF_8));
        assertRefused(other, "has another format than 1");
        replace(file, "[".repeat(100_000).getBytes(UTF_8));
        assertRefused(other, "is damaged; export it again");
        replace(file, new byte[(16 << 20) + 1]);
        assertRefused(other, "has more than 16,777,216 bytes");
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("/etc/passwd"));
        assertRefused(other, "name the directory of an export");
        Files.delete(file);

        var random = new Random(1);
        for (int i = 0; i < 300; i++) {
          var bytes = good.clone();
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
          replace(file, Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length * 2)));
          try {
            other.importCache(cache());
          } catch (ImageException e) {
            assertThat(e).hasMessageContaining(CarriedStore.INDEX);
          }
        }
      }
    }
  }

  @Test
  void writesIntoNoDirectoryOfOthers() throws IOException {
    try (var store = open("one")) {
      Files.createDirectories(cache());
      var other = Files.writeString(cache().resolve("precious"), "x");
      assertThatThrownBy(() -> store.exportCache(cache(), ROOM))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("name an empty or a new one");
      Files.delete(other);
      store.exportCache(cache(), ROOM);
      Files.delete(cache().resolve("blobs"));
      Files.createSymbolicLink(cache().resolve("blobs"), directory);
      assertThatThrownBy(() -> store.exportCache(cache(), ROOM))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("is a symbolic link");
    }
  }

  /** The kills fall on any moment of an export; what is there is whole. */
  @Test
  void isWholeWhateverMomentAnExportIsKilledAt() throws Exception {
    try (var store = open("one")) {
      snapshot(store, store.prepare(image(), new WritingSteps()), "s");
    }
    var random = new Random();
    for (int i = 0; i < 4; i++) {
      var process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin/java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  Exporter.class.getName(),
                  directory.resolve("one").toString(),
                  cache().toString())
              .redirectErrorStream(true)
              .start();
      try (var out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
        assertThat(out.readLine()).isEqualTo("exported");
        process.waitFor(random.nextInt(100_000), TimeUnit.MICROSECONDS);
      } finally {
        process.destroyForcibly().waitFor();
      }
      try (var other = open("other-" + i)) {
        var carried = other.importCache(cache());
        assertThat(carried.leftOut()).isEmpty();
        assertThat(carried.steps()).isIn(0, 3);
        assertThat(carried.snapshots()).isEqualTo(carried.steps() / 3);
      }
    }
  }

  /** Exports all and nothing in turn. */
  static final class Exporter {
    private Exporter() {}

    public static void main(String[] arguments) throws IOException {
      var cache = Path.of(arguments[1]);
      try (var store = ImageStore.open(Path.of(arguments[0]))) {
        store.exportCache(cache, ROOM);
        System.out.println("exported");
        while (true) {
          store.exportCache(cache, new ByteSize(0));
          store.exportCache(cache, ROOM);
        }
      }
    }
  }

  private Image image() throws IOException {
    return base()
        .with(ImageStep.write("/w", "w"))
        .run("write", "a", "1")
        .env("A", "1")
        .run("write", "b", "2");
  }

  private Image base() throws IOException {
    Path source = directory.resolve("base");
    if (!Files.exists(source)) {
      Files.createDirectory(source);
      Files.writeString(source.resolve("base"), "base");
    }
    return Image.directory(source);
  }

  private static String snapshot(ImageStore store, PreparedImage parent, String name) {
    return store.addSnapshot(
        parent, layer -> WritingSteps.write(layer, name, name), Optional.empty());
  }

  private ImageStore open(String name) {
    return ImageStore.open(directory.resolve(name));
  }

  private Path cache() {
    return directory.resolve("cache");
  }

  private List<Path> blobs() throws IOException {
    try (Stream<Path> files = Files.list(cache().resolve("blobs"))) {
      return files.sorted().toList();
    }
  }

  private Path blob(ImageStore store) throws IOException {
    store.exportCache(directory.resolve("other"), ROOM);
    try (Stream<Path> files = Files.list(directory.resolve("other/blobs"))) {
      return files.findFirst().orElseThrow();
    }
  }

  private JsonObject index() throws IOException {
    return JsonObject.parse(
        ByteBuffer.wrap(Files.readAllBytes(cache().resolve(CarriedStore.INDEX))));
  }

  private void writeIndex(Map<?, ?>... entries) throws IOException {
    replace(
        cache().resolve(CarriedStore.INDEX),
        JsonObject.of(Map.of("format", 1, "entries", List.of(entries))).toBytes());
  }

  private static void replace(Path file, byte[] bytes) throws IOException {
    Files.deleteIfExists(file);
    Files.write(file, bytes);
  }

  private static void damage(Path file) throws IOException {
    var bytes = Files.readAllBytes(file);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || bytes.length == 0) {
      return;
    }
    bytes[bytes.length / 2] ^= 1;
    replace(file, bytes);
  }

  private void assertRefused(ImageStore store, String why) {
    assertThatThrownBy(() -> store.importCache(cache()))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(why);
  }

  private static int run(String... command) throws IOException {
    var process = new ProcessBuilder(command).inheritIO().start();
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}

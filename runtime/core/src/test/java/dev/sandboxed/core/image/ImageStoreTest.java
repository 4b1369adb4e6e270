package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.PrunedImages;
import dev.sandboxed.core.erofs.ErofsSuperblock;
import dev.sandboxed.core.support.DebianPackages;
import dev.sandboxed.core.tree.TarWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageStoreTest {
  @TempDir private Path directory = Path.of("");
  private Path root = Path.of("");
  private Path source = Path.of("");

  @BeforeEach
  void makeSource() throws IOException {
    root = directory.resolve("store");
    source = Files.createDirectory(directory.resolve("source"));
    Files.writeString(source.resolve("file"), "text");
  }

  @Test
  void makesADirectoryIntoAnImage() throws IOException {
    try (var store = ImageStore.open(root)) {
      PreparedImage image = store.prepare(Image.directory(source));

      assertThat(superblock(image).inodes()).isEqualTo(2);
      assertThat(image.erofs()).hasFileName(image.digest() + ".erofs");
      assertThat(image.mounts()).isEmpty();
      assertThat(image.workingDirectory()).isEqualTo("/");
      assertThat(image.environment()).containsKey("PATH");
      assertThat(Files.getPosixFilePermissions(image.erofs()))
          .isEqualTo(PosixFilePermissions.fromString("r--r--r--"));
    }
  }

  @Test
  void keepsTheImageOfAnUnchangedDirectory() throws IOException {
    PreparedImage first;
    try (var store = ImageStore.open(root)) {
      first = store.prepare(Image.directory(source));
    }
    Object inode = Files.getAttribute(first.erofs(), "unix:ino");
    try (var store = ImageStore.open(root)) {
      assertThat(store.prepare(Image.directory(source))).isEqualTo(first);
    }
    assertThat(Files.getAttribute(first.erofs(), "unix:ino")).isEqualTo(inode);
  }

  @Test
  void makesAnotherImageAfterAnyChange() throws IOException {
    var digests = new HashSet<String>();
    try (var store = ImageStore.open(root)) {
      digests.add(store.prepare(Image.directory(source)).digest());
      FileTime time = Files.getLastModifiedTime(source.resolve("file"));
      // Same length, same time, at once: only the change time tells.
      for (String text : List.of("tEXt", "TexT", "TEXT")) {
        Files.writeString(source.resolve("file"), text);
        Files.setLastModifiedTime(source.resolve("file"), time);
        PreparedImage image = store.prepare(Image.directory(source));
        digests.add(image.digest());
        assertThat(Files.readString(image.erofs(), StandardCharsets.ISO_8859_1)).contains(text);
      }
      Files.setAttribute(source.resolve("file"), "unix:mode", 0600);
      digests.add(store.prepare(Image.directory(source)).digest());
    }
    assertThat(digests).hasSize(5);
  }

  @Test
  void makesATarIntoTheSameImageWhereverItLies() throws IOException {
    Path tar = directory.resolve("image.tar");
    try (var out = Files.newOutputStream(tar)) {
      TarWriter.write(source, out);
    }
    Path copy = Files.copy(tar, directory.resolve("copy.tar"));
    try (var store = ImageStore.open(root)) {
      PreparedImage image = store.prepare(Image.tar(tar));

      assertThat(superblock(image).inodes()).isEqualTo(2);
      assertThat(store.prepare(Image.tar(copy))).isEqualTo(image);
      assertThat(store.prepare(Image.tar(tar))).isEqualTo(image);
    }
  }

  @Test
  void makesADamagedImageAgain() throws IOException {
    try (var store = ImageStore.open(root)) {
      PreparedImage image = store.prepare(Image.directory(source));
      for (long length : new long[] {0, 100, 4096}) {
        Files.setPosixFilePermissions(image.erofs(), PosixFilePermissions.fromString("rw-------"));
        try (var file = new RandomAccessFile(image.erofs().toFile(), "rw")) {
          file.setLength(length);
        }

        assertThat(superblock(store.prepare(Image.directory(source))).inodes()).isEqualTo(2);
      }
    }
  }

  @Test
  void refusesAnotherImageUnderTheName() throws IOException {
    Path other = Files.createDirectory(directory.resolve("other"));
    try (var store = ImageStore.open(root)) {
      PreparedImage image = store.prepare(Image.directory(source));
      PreparedImage wrong = store.prepare(Image.directory(other));
      Files.delete(image.erofs());
      Files.copy(wrong.erofs(), image.erofs());

      assertThat(superblock(store.prepare(Image.directory(source))).inodes()).isEqualTo(2);
    }
  }

  @Test
  void buildsOnceForManyThreadsAndStores() throws Exception {
    for (int i = 0; i < 200; i++) {
      Files.writeString(source.resolve("f" + i), "x".repeat(10_000));
    }
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (var first = ImageStore.open(root);
        var second = ImageStore.open(root)) {
      var start = new CountDownLatch(1);
      List<Future<Object>> inodes = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        ImageStore store = i % 2 == 0 ? first : second;
        Callable<Object> task =
            () -> {
              start.await();
              return Files.getAttribute(store.prepare(Image.directory(source)).erofs(), "unix:ino");
            };
        inodes.add(threads.submit(task));
      }
      start.countDown();

      var different = new HashSet<>();
      for (Future<Object> inode : inodes) {
        different.add(inode.get());
      }
      assertThat(different).hasSize(1);
    } finally {
      threads.shutdownNow();
    }
    assertThat(names(root.resolve("images"))).hasSize(1);
  }

  @Test
  void removesWhatADeadWriterLeftAndNothingElse() throws Exception {
    ImageStore.open(root).close();
    Path images = root.resolve("images");
    Path dead = Files.createFile(images.resolve("1-dead.tmp"));
    Path alive = Files.createFile(images.resolve("2-alive.tmp"));
    // The lock must be another process's: this one's would not count against its own store.
    Process writer =
        new ProcessBuilder(
                DebianPackages.require("python3", "python3").toString(),
                "-c",
                "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.lockf(f,fcntl.LOCK_EX);"
                    + " print('locked',flush=True); sys.stdin.read()",
                alive.toString())
            .start();
    try (var temporary = TemporaryImage.create(images);
        var said = writer.inputReader()) {
      assertThat(said.readLine()).isEqualTo("locked");

      ImageStore.open(root).close();

      assertThat(dead).doesNotExist();
      assertThat(alive).exists();
      assertThat(temporary.channel().isOpen()).isTrue();
      assertThat(names(images)).hasSize(2);
    } finally {
      writer.destroyForcibly();
      writer.waitFor();
    }
    ImageStore.open(root).close();
    assertThat(images).isEmptyDirectory();
  }

  /** Root may write to any file, so that only an ordinary user could ever fail on it. */
  @Test
  void removesWhatAWriterHadFinishedWhenItWasKilled() throws IOException {
    ImageStore.open(root).close();
    var left = new ArrayList<Path>();
    for (String name : List.of("images", "layers", "keys", "masks", "snapshots")) {
      Path file =
          Files.writeString(root.resolve(name).resolve("1-" + UUID.randomUUID() + ".tmp"), "");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
      left.add(file);
    }

    ImageStore.open(root).close();

    assertThat(left).allSatisfy(file -> assertThat(file).doesNotExist());
  }

  @Test
  void removesScratchFilesThatLostTheirProcessBeforeTheirName() throws IOException {
    ImageStore.open(root).close();
    Path layers = root.resolve("layers");
    Path images = root.resolve("images");
    Path old = Files.createFile(images.resolve("layer-1.unpacked"));
    Path packed = Files.createFile(layers.resolve("packed-1.layer"));
    Path recent = Files.createFile(images.resolve("tar-2.unpacked"));
    Path unguarded = Files.createFile(layers.resolve("1-dead.tmp.part"));
    for (Path file : List.of(old, packed)) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    }

    ImageStore.open(root).close();

    assertThat(old).doesNotExist();
    assertThat(packed).doesNotExist();
    assertThat(unguarded).doesNotExist();
    assertThat(recent).exists();
  }

  @Test
  void removesTheLongestUnusedImagesFirst() throws IOException {
    try (var store = ImageStore.open(root)) {
      Path old = image(store, "old", Duration.ofDays(20));
      Path middle = image(store, "middle", Duration.ofDays(2));
      Path recent = image(store, "recent", Duration.ofDays(1));
      Path now = image(store, "now", Duration.ZERO);

      assertThat(prune(store, Long.MAX_VALUE).images()).isEqualTo(1);
      assertThat(old).doesNotExist();
      PrunedImages report = prune(store, 3 * 4096 * 2 + 1);

      assertThat(report.images()).isEqualTo(1);
      assertThat(report.size().bytes()).isEqualTo(3 * 4096);
      assertThat(middle).doesNotExist();
      assertThat(recent).exists();
      assertThat(prune(store, 0).images()).isEqualTo(1);
      assertThat(now).exists();
    }
  }

  @Test
  void keepsWhatIsInUseWhateverTheLimits() throws IOException {
    var nothing = new StoreLimits(new ByteSize(0), Duration.ZERO);
    try (var store = ImageStore.open(root)) {
      Path used = image(store, "used", Duration.ofMinutes(5));
      Path unused = image(store, "unused", Duration.ofMinutes(15));

      assertThat(store.prune(nothing).images()).isEqualTo(1);

      assertThat(used).exists();
      assertThat(unused).doesNotExist();
    }
  }

  @Test
  void removesImagesUnusedForAMonthWhenANewOneComesIn() throws IOException {
    try (var store = ImageStore.open(root)) {
      Path old = image(store, "old", Duration.ofDays(31));
      Path used = image(store, "used", Duration.ofDays(29));

      image(store, "new", Duration.ZERO);

      assertThat(old).doesNotExist();
      assertThat(used).exists();
    }
  }

  @Test
  void saysWhatIsWrongWithASource() throws IOException {
    Path tar = Files.writeString(directory.resolve("broken.tar"), "x".repeat(2000));
    try (var store = ImageStore.open(root)) {
      assertThatThrownBy(() -> store.prepare(Image.directory(directory.resolve("none"))))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("none does not exist");
      assertThatThrownBy(() -> store.prepare(Image.tar(directory.resolve("none.tar"))))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("none.tar does not exist");
      assertThatThrownBy(() -> store.prepare(Image.directory(tar)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("is not a directory");
      assertThatThrownBy(() -> store.prepare(Image.tar(tar)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("not a tar archive");
      assertThatThrownBy(() -> store.agentImage(directory.resolve("none")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("The agent " + directory.resolve("none") + " does not exist");
    }
    assertThat(root.resolve("images")).isEmptyDirectory();
  }

  @Test
  void namesAFileThatCannotBeRead() throws IOException {
    Files.setAttribute(source.resolve("file"), "unix:mode", 0);
    assumeTrue(
        !Files.isReadable(source.resolve("file")), "root reads every file, whatever its mode");
    try (var store = ImageStore.open(root)) {
      assertThatThrownBy(() -> store.prepare(Image.directory(source)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("Cannot read " + source.resolve("file") + " as user")
          .hasMessageContaining("Make it readable");
    }
  }

  @Test
  void leavesNothingWhenTheDiskIsFull() throws IOException {
    Path small = Files.createDirectory(directory.resolve("small"));
    assumeTrue(
        DebianPackages.isRoot(),
        "a small file system needs root to mount, and this is user "
            + System.getProperty("user.name"));
    byte[] bytes = new byte[3 << 20];
    new Random(1).nextBytes(bytes);
    Files.write(source.resolve("large"), bytes);
    DebianPackages.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString());
    try (var store = ImageStore.open(small)) {
      assertThatThrownBy(() -> store.prepare(Image.directory(source)))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("no space left in " + small.resolve("images"))
          .hasMessageContaining("Free some");
      assertThat(small.resolve("images")).isEmptyDirectory();
    } finally {
      DebianPackages.run("umount", small.toString());
    }
  }

  @Test
  void refusesAPlaceThatCannotBeUsed() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> ImageStore.open(file))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("Cannot use " + file + " to keep images");
  }

  @Test
  void holdsTheAgentAlone() throws IOException {
    try (var store = ImageStore.open(root)) {
      Path agent = Files.writeString(directory.resolve("some-agent"), "#!agent");

      Path image = store.agentImage(agent);

      assertThat(superblock(image).inodes()).isEqualTo(2);
      assertThat(store.agentImage(agent)).isEqualTo(image);
      Files.writeString(agent, "#!other");
      assertThat(store.agentImage(agent)).isNotEqualTo(image);
    }
  }

  @Test
  void preparesTheHost() throws IOException {
    try (var store = ImageStore.open(root)) {
      PreparedImage image = store.prepare(Image.host());

      assertThat(image.mounts()).contains(new HostMount(Path.of("/usr"), "/usr"));
      assertThat(image.environment()).containsKeys("PATH", "JAVA_HOME", "HOME");
      assertThat(store.prepare(Image.host())).isEqualTo(image);
      Files.delete(image.erofs());
      assertThat(store.prepare(Image.host())).isEqualTo(image);
      assertThat(superblock(image).inodes()).isGreaterThan(20);
    }
  }

  @Test
  void showsAnEmptyDirectoryInPlaceOfAHomeAmongTools() throws IOException {
    Path home = Path.of("/opt");
    assumeTrue(
        Files.isWritable(home),
        "a home among the tools needs one that this user may write to: /opt is not");
    var environment =
        new HostTools.Environment(
            Map.of("PATH", "/usr/bin"), home, Path.of(System.getProperty("java.home")));
    try (var store = ImageStore.open(root, environment)) {
      List<HostMount> mounts = store.prepare(Image.host()).mounts();

      HostMount last =
          mounts.stream()
              .filter(mount -> mount.target().equals("/opt"))
              .reduce((a, b) -> b)
              .orElseThrow();
      assertThat(last.source()).isEmptyDirectory();
    }
  }

  @Test
  void showsEmptySettingsInPlaceOfThoseWithCredentials() throws IOException {
    Path maven = Files.createDirectories(directory.resolve("home/apps/maven"));
    for (String part : List.of("bin", "lib", "conf")) {
      Files.createDirectory(maven.resolve(part));
    }
    Path program = Files.writeString(maven.resolve("bin/mvn"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path settings = maven.resolve("conf/settings.xml");
    Files.writeString(settings, "<settings><server><password>x</password></server></settings>");
    var environment =
        new HostTools.Environment(
            Map.of("PATH", maven.resolve("bin").toString()),
            directory.resolve("home"),
            Path.of(System.getProperty("java.home")));
    try (var store = ImageStore.open(root, environment)) {
      List<HostMount> mounts = store.prepare(Image.host()).mounts();

      HostMount mask =
          mounts.stream()
              .filter(m -> m.target().endsWith("settings.xml"))
              .findFirst()
              .orElseThrow();
      assertThat(mask.target()).isEqualTo(settings.toRealPath().toString());
      assertThat(mask.source()).hasContent("<settings/>");
    }
  }

  private static PrunedImages prune(ImageStore store, long bytes) {
    return store.prune(new StoreLimits(new ByteSize(bytes), Duration.ofDays(10)));
  }

  private Path image(ImageStore store, String name, Duration unused) throws IOException {
    Path content = Files.createDirectory(directory.resolve(name));
    Files.writeString(content.resolve(name), name);
    Path image = store.prepare(Image.directory(content)).erofs();
    Files.setLastModifiedTime(image, FileTime.from(Instant.now().minus(unused)));
    assertThat(image).hasSize(3 * 4096);
    return image;
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return Set.copyOf(files.map(Path::toString).toList());
    }
  }

  private static ErofsSuperblock superblock(PreparedImage image) throws IOException {
    return superblock(image.erofs());
  }

  private static ErofsSuperblock superblock(Path image) throws IOException {
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ)) {
      return ErofsSuperblock.read(channel);
    }
  }
}

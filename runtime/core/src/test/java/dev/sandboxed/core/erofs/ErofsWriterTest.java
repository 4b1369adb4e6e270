package dev.sandboxed.core.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.core.support.DebianPackages;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.Descriptions;
import dev.sandboxed.core.tree.DirectoryRemover;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.RandomTrees;
import dev.sandboxed.core.tree.TreeBuilder;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErofsWriterTest {
  private static final UUID ID = new UUID(1, 2);

  @TempDir private Path directory = Path.of("");

  @Property(tries = 50)
  void keepsEveryPropertyOfEveryFile(@ForAll long seed) throws IOException {
    FileTree tree = RandomTrees.of(seed);
    Path image = Files.createTempFile("random", ".erofs");
    try {
      write(tree, image);

      assertSame(Descriptions.of(tree), read(image));
    } finally {
      Files.delete(image);
    }
  }

  @Property(tries = 10)
  void writesTheSameBytesForTheSameTree(@ForAll long seed) throws IOException {
    Path first = Files.createTempFile("first", ".erofs");
    Path second = Files.createTempFile("second", ".erofs");
    try {
      write(RandomTrees.of(seed), first);
      write(RandomTrees.of(seed), second);

      assertThat(Files.mismatch(first, second)).isEqualTo(-1);
    } finally {
      Files.delete(first);
      Files.delete(second);
    }
  }

  @Property(tries = 15)
  void passesTheFileSystemCheckOfErofsUtils(@ForAll long seed) throws IOException {
    Path fsck = DebianPackages.require("fsck.erofs", "erofs-utils");
    Path image = Files.createTempFile("fsck", ".erofs");
    try {
      write(RandomTrees.of(seed), image);

      DebianPackages.run(fsck.toString(), image.toString());
    } finally {
      Files.delete(image);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void isReadByTheKernelAsItWasWritten(long seed) throws IOException {
    FileTree tree = RandomTrees.of(seed);
    Path image = Files.createTempFile("kernel", ".erofs");
    try {
      write(tree, image);

      try (var mounted = KernelMount.of(image)) {
        assertSame(Descriptions.of(tree), Descriptions.ofHost(mounted.directory()));
      }
    } finally {
      Files.delete(image);
    }
  }

  @Test
  void writesAnEmptyTree() throws IOException {
    FileTree tree = new TreeBuilder().directory("/", Metadata.root(0700)).build();

    Path image = write(tree, directory.resolve("empty.erofs"));

    assertThat(read(image)).containsOnlyKeys("");
    assertThat(image).hasSize(2 * 4096);
  }

  @Test
  void writesDevicesPipesAndSockets() throws IOException {
    FileTree tree =
        new TreeBuilder()
            .node(
                "c",
                new Node.Special(
                    Metadata.root(0600), Node.Special.Kind.CHARACTER_DEVICE, 0xfff, 0xfffff))
            .node(
                "b", new Node.Special(Metadata.root(0600), Node.Special.Kind.BLOCK_DEVICE, 8, 300))
            .node("p", new Node.Special(Metadata.root(0600), Node.Special.Kind.FIFO, 0, 0))
            .node("s", new Node.Special(Metadata.root(0600), Node.Special.Kind.SOCKET, 0, 0))
            .build();

    Path image = write(tree, directory.resolve("special.erofs"));

    assertSame(Descriptions.of(tree), read(image));
  }

  @Test
  void findsEveryNameInALargeDirectory() throws IOException {
    var builder = new TreeBuilder();
    for (int i = 0; i < 20_000; i++) {
      builder.file(
          "many/file-with-a-rather-long-name-" + i, Metadata.root(0644), Content.of(new byte[0]));
    }
    FileTree tree = builder.build();

    Path image = write(tree, directory.resolve("many.erofs"));

    assertSame(Descriptions.of(tree), read(image));
    assumeCanMount();
    try (var mounted = KernelMount.of(image)) {
      for (int i = 0; i < 20_000; i += 97) {
        assertThat(mounted.directory().resolve("many/file-with-a-rather-long-name-" + i)).exists();
      }
      assertThat(mounted.directory().resolve("many/file-with-a-rather-long-name-20000"))
          .doesNotExist();
    }
  }

  @Test
  void keepsHolesOfSparseFiles() throws IOException {
    Path source = Files.createDirectory(directory.resolve("source"));
    try (var file = new RandomAccessFile(source.resolve("sparse").toFile(), "rw")) {
      file.seek(10 << 20);
      file.write(new byte[] {1, 2, 3, 4});
      file.setLength(20 << 20);
    }
    FileTree tree = HostDirectory.reader().read(source).tree();

    Path image = write(tree, directory.resolve("sparse.erofs"));

    assertThat(bytesOnDisk(image)).isLessThan(1 << 20);
    assertSame(Descriptions.of(tree), read(image));
  }

  @Test
  void findsWhatLiesBehindFourGigabytes() throws IOException {
    long size = (5L << 30) + 123;
    FileTree tree =
        new TreeBuilder()
            .file("huge", Metadata.root(0644), new Holes(size))
            .file("small", Metadata.root(0644), Content.of(new byte[] {7}))
            .build();

    Path image = write(tree, directory.resolve("huge.erofs"));

    assertThat(image).hasSize(size - 123 + 4 * 4096);
    assertThat(bytesOnDisk(image)).isLessThan(1 << 20);
    assumeCanMount();
    try (var mounted = KernelMount.of(image)) {
      assertThat(mounted.directory().resolve("huge")).hasSize(size);
      assertThat(mounted.directory().resolve("small")).hasBinaryContent(new byte[] {7});
      try (FileChannel huge = FileChannel.open(mounted.directory().resolve("huge"))) {
        var end = ByteBuffer.allocate(5);
        huge.read(end, size - 4);
        assertThat(end.array()).containsExactly(1, 2, 3, 4, 0);
      }
    }
  }

  private static long bytesOnDisk(Path file) throws IOException {
    return Long.parseLong(DebianPackages.run("stat", "-c", "%b", file.toString()).strip()) * 512;
  }

  /** Zeros that nobody reads, and four bytes at their end. */
  private record Holes(long size) implements Content {
    @Override
    public void copyTo(WritableByteChannel target) throws IOException {
      FileChannel file = (FileChannel) target;
      file.position(file.position() + size - 4);
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
    }

    @Override
    public void identify(MessageDigest digest) {}
  }

  @Test
  void refusesAFileThatChangedSinceItWasListed() throws IOException {
    Path source = Files.createDirectory(directory.resolve("source"));
    Path file = Files.writeString(source.resolve("log"), "one line\n");
    FileTree tree = HostDirectory.reader().read(source).tree();
    Files.writeString(file, "one line\nand another\n");

    assertThatThrownBy(() -> write(tree, directory.resolve("changed.erofs")))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining(file + " was changed while it was being read");
  }

  @Test
  void leavesNoValidImageWhenWritingFails() throws IOException {
    Content broken =
        new Content() {
          @Override
          public long size() {
            return 10;
          }

          @Override
          public void copyTo(WritableByteChannel target) throws IOException {
            throw new IOException("broken");
          }

          @Override
          public void identify(MessageDigest digest) {}
        };
    FileTree tree = new TreeBuilder().file("file", Metadata.root(0644), broken).build();
    Path image = directory.resolve("broken.erofs");

    assertThatThrownBy(() -> write(tree, image)).hasMessage("broken");
    assertThatThrownBy(() -> read(image)).isInstanceOf(IOException.class);
  }

  @Test
  void recognisesDamage() throws IOException {
    FileTree tree = RandomTrees.of(1);
    Path image = write(tree, directory.resolve("image.erofs"));
    Path cut = Files.copy(image, directory.resolve("cut.erofs"));
    Path flipped = Files.copy(image, directory.resolve("flipped.erofs"));
    try (var file = new RandomAccessFile(cut.toFile(), "rw")) {
      file.setLength(file.length() - 1);
    }
    try (var file = new RandomAccessFile(flipped.toFile(), "rw")) {
      file.seek(1024 + 20);
      file.write(77);
    }

    assertThatThrownBy(() -> read(cut)).hasMessageContaining("bytes instead of");
    assertThatThrownBy(() -> read(flipped)).hasMessageContaining("checksum");
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ)) {
      assertThat(ErofsSuperblock.read(channel).id()).isEqualTo(ID);
    }
  }

  @Test
  void keepsAWholeDebianRootFileByFile() throws IOException {
    Path debian = DebianRoot.directory();
    Path image =
        write(HostDirectory.reader().read(debian).tree(), directory.resolve("debian.erofs"));
    SortedMap<String, String> original = listing(debian);
    assertThat(original).hasSizeGreaterThan(2000);

    assertSame(Descriptions.ofHost(debian), read(image));

    Path fsck = DebianPackages.require("fsck.erofs", "erofs-utils");
    Path extracted = directory.resolve("extracted");
    try {
      DebianPackages.run(fsck.toString(), "--extract=" + extracted, image.toString());
      if (DebianPackages.isRoot()) {
        assertSame(asExtracted(original), asExtracted(listing(extracted)));
      }
    } finally {
      DirectoryRemover.remove(extracted);
    }
    assumeCanMount();
    try (var mounted = KernelMount.of(image)) {
      assertSame(original, listing(mounted.directory()));
    }
  }

  private static void assertSame(
      SortedMap<String, String> expected, SortedMap<String, String> actual) {
    assertThat(Descriptions.differences(expected, actual)).isEmpty();
  }

  private static void assumeCanMount() throws IOException {
    KernelMount.assumePossible();
  }

  /**
   * Lists with the tools of the system, which know nothing of ours: type, mode, owner, links, size,
   * time, target.
   */
  private static SortedMap<String, String> listing(Path root) throws IOException {
    var lines = new TreeMap<String, String>();
    String script =
        """
        cd "$1"
        find . -type d -printf '%p\\t%y %m %U:%G %T@\\n' \
          -o -type f -printf '%p\\t%y %m %U:%G %s %T@ links=%n\\n' \
          -o -printf '%p\\t%y %m %U:%G %T@ %l\\n'
        find . -type b -printf '%p:device\\t' -exec stat -c %t,%T {} ';'
        find . -type c -printf '%p:device\\t' -exec stat -c %t,%T {} ';'
        find . -type f -exec sha256sum {} + | while read -r sum name; do printf '%s:content\\t%s\\n' "$name" "$sum"; done
        """;
    String output = DebianPackages.run("bash", "-euc", script, "listing", root.toString());
    for (String line : output.split("\n")) {
      int tab = line.indexOf('\t');
      lines.put(line.substring(0, tab), line.substring(tab + 1));
    }
    return lines;
  }

  /**
   * fsck.erofs 1.5 extracts hard links as files of their own and sets owners after modes, which
   * clears set-id bits.
   */
  private static SortedMap<String, String> asExtracted(SortedMap<String, String> listing) {
    var lines = new TreeMap<String, String>();
    listing.forEach(
        (path, line) ->
            lines.put(
                path,
                line.replaceAll(" links=.*", "").replaceAll("^f [0-9]*([0-7]{3}) ", "f $1 ")));
    return lines;
  }

  private static Path write(FileTree tree, Path image) throws IOException {
    Files.deleteIfExists(image);
    try (FileChannel channel =
        FileChannel.open(
            image,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      ErofsSuperblock written = ErofsWriter.write(tree, ID, channel);
      assertThat(ErofsSuperblock.read(channel)).isEqualTo(written);
    }
    return image;
  }

  private static SortedMap<String, String> read(Path image) throws IOException {
    try (var reader = new StrictErofsReader(image)) {
      return reader.describe();
    }
  }
}

package dev.sandboxed.core.tree;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.core.support.DebianPackages;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarTreeTest {
  @TempDir private Path directory = Path.of("");

  @Property(tries = 50)
  void readsBackWhatWasWritten(@ForAll long seed) throws IOException {
    FileTree tree = RandomTrees.of(seed);
    var archive = new ByteArrayOutputStream();
    TarWriter.write(tree, archive);

    assertThat(Descriptions.differences(Descriptions.of(tree), read(archive.toByteArray())))
        .isEmpty();
  }

  @Property(tries = 30)
  void writesWhatOthersRead(@ForAll long seed) throws IOException {
    FileTree tree = RandomTrees.of(seed);
    var archive = new ByteArrayOutputStream();
    TarWriter.write(tree, archive);

    List<Long> sizes = new ArrayList<>();
    try (var in =
        new TarArchiveInputStream(new ByteArrayInputStream(archive.toByteArray()), "ISO-8859-1")) {
      for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        sizes.add(entry.getSize());
        in.readAllBytes();
      }
    }
    assertThat(sizes).hasSize(tree.paths().size() + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--format=gnu",
        "--format=oldgnu",
        "--format=ustar",
        "--format=pax",
        "--format=gnu --sparse",
        "--format=pax --sparse --sparse-version=0.0",
        "--format=pax --sparse --sparse-version=0.1",
        "--format=pax --sparse --sparse-version=1.0",
        "--format=gnu --gzip",
        "--format=pax --sparse --gzip"
      })
  void readsWhatGnuTarWrites(String options) throws IOException {
    Path source = hostTree();
    Path tar = directory.resolve("made.tar");
    DebianPackages.run(
        "bash",
        "-euc",
        "tar " + options + " --numeric-owner -cf \"$1\" -C \"$2\" .",
        "tar",
        tar.toString(),
        source.toString());

    boolean wholeSeconds = !options.contains("pax");
    SortedMap<String, String> expected = Descriptions.ofHost(source);
    SortedMap<String, String> actual = read(tar);
    if (wholeSeconds) {
      expected.replaceAll((path, line) -> line.replaceAll("(T[0-9:]{8})(\\.[0-9]+)?Z", "$1Z"));
    }
    assertThat(Descriptions.differences(expected, actual)).isEmpty();
  }

  @Test
  void writesWhatGnuTarReads() throws IOException {
    Path source = hostTree();
    Path tar = directory.resolve("ours.tar");
    try (var out = Files.newOutputStream(tar)) {
      TarWriter.write(source, out);
    }

    DebianPackages.run("tar", "--compare", "-f", tar.toString(), "-C", source.toString());
  }

  @Test
  void lastOfTwoMembersWins() throws IOException {
    byte[] archive = new TestArchive().file("a", "one").file("b", "x").file("a", "two").bytes();

    assertThat(read(archive).get("a")).contains(Descriptions.hash("two".getBytes(UTF_8)));
  }

  @Test
  void takesAbsoluteNamesFromTheRootOfTheTree() throws IOException {
    byte[] archive = new TestArchive().file("/etc/passwd", "x").bytes();

    assertThat(read(archive)).containsOnlyKeys("", "etc", "etc/passwd");
  }

  @Test
  void followsLinkedParentsInsideTheTreeOnly() throws IOException {
    byte[] archive =
        new TestArchive()
            .symlink("out", "../../../../elsewhere")
            .file("out/file", "x")
            .symlink("abs", "/usr/lib")
            .file("abs/lib.so", "y")
            .bytes();

    assertThat(read(archive)).containsKeys("elsewhere/file", "usr/lib/lib.so");
  }

  @Test
  void refusesNamesThatClimb() {
    assertRefused(
        new TestArchive(), archive -> archive.file("a/../../b", "x"), "climbs up with '..'");
  }

  @Test
  void refusesLinksInACircle() {
    assertRefused(
        new TestArchive(),
        archive -> archive.symlink("a", "b").symlink("b", "a").file("a/x", ""),
        "too many symbolic links");
  }

  @Test
  void refusesHardLinksToNothing() {
    assertRefused(
        new TestArchive(), archive -> archive.hardLink("a", "b"), "does not come before it");
  }

  @Test
  void refusesWhatLiesBelowAFile() {
    assertRefused(
        new TestArchive(), archive -> archive.file("a", "").file("a/b", ""), "not a directory");
  }

  @Test
  void refusesNamesThatAreTooDeep() {
    assertRefused(
        new TestArchive(), archive -> archive.file("a/".repeat(1500), ""), "nested deeper");
  }

  @Test
  void refusesMoreFilesOrBytesThanAllowed() throws IOException {
    byte[] archive = new TestArchive().file("a", "12345").file("b", "12345").bytes();

    assertThatThrownBy(() -> read(archive, new ArchiveLimits(1, 100)))
        .hasMessageContaining("more than 1 files");
    assertThatThrownBy(() -> read(archive, new ArchiveLimits(10, 9)))
        .hasMessageContaining("more than 9 bytes");
    assertThatThrownBy(() -> read(gzip(archive), new ArchiveLimits(10, 500)))
        .hasMessageContaining("unpacks to more than 500 bytes");
  }

  @Test
  void saysWhatIsWrongWithOtherFiles() {
    assertThatThrownBy(() -> read("hello".repeat(1000).getBytes(UTF_8)))
        .hasMessageContaining("not a tar archive");
    assertThatThrownBy(() -> read(new byte[0])).hasMessageContaining("empty");
    assertThatThrownBy(() -> read(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, 0, 0}))
        .hasMessageContaining("compressed with zstd");
    assertThatThrownBy(
            () -> TarTree.open(directory.resolve("none"), directory, ArchiveLimits.generous()))
        .hasMessageContaining("does not exist");
    assertThatThrownBy(() -> TarTree.open(directory, directory, ArchiveLimits.generous()))
        .hasMessageContaining("is a directory");
  }

  @Test
  void refusesArchivesCutOffAnywhere() throws IOException {
    byte[] archive =
        new TestArchive().file("a", "x".repeat(1000)).directory("d").file("d/b", "y").bytes();
    byte[] gzip = gzip(archive);
    // Two blocks of zeros end an archive; one is enough to know that nothing is missing.
    int end = archive.length;
    while (archive[end - 1] == 0) {
      end--;
    }
    for (int length = 0; length < end; length += 100) {
      byte[] cut = Arrays.copyOf(archive, length);
      assertThatThrownBy(() -> read(cut)).isInstanceOf(TreeException.class);
    }
    for (int length = 0; length < gzip.length; length += 10) {
      byte[] cut = Arrays.copyOf(gzip, length);
      assertThatThrownBy(() -> read(cut)).isInstanceOf(TreeException.class);
    }
  }

  @Property(tries = 300)
  void meetsDamageWithItsOwnErrorOnly(@ForAll long seed) throws IOException {
    byte[] archive = Mutations.of(seed);

    try {
      read(archive, new ArchiveLimits(1000, 10 << 20));
    } catch (TreeException e) {
      assertThat(e).hasMessageStartingWith("Cannot read the tar file ");
    }
  }

  private interface Filling {
    TestArchive fill(TestArchive archive) throws IOException;
  }

  private static void assertRefused(TestArchive archive, Filling filling, String why) {
    assertThatThrownBy(() -> read(filling.fill(archive).bytes()))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining(why);
  }

  private static SortedMap<String, String> read(byte[] archive) throws IOException {
    return read(archive, ArchiveLimits.generous());
  }

  private static SortedMap<String, String> read(byte[] archive, ArchiveLimits limits)
      throws IOException {
    Path scratch = Files.createTempDirectory("tar");
    try {
      Path tar = Files.write(scratch.resolve("archive.tar"), archive);
      try (TarTree tree = TarTree.open(tar, scratch, limits)) {
        return Descriptions.of(tree.tree());
      } finally {
        Files.delete(tar);
        assertThat(scratch).isEmptyDirectory();
      }
    } finally {
      DirectoryRemover.remove(scratch);
    }
  }

  private SortedMap<String, String> read(Path tar) throws IOException {
    try (TarTree tree = TarTree.open(tar, directory, ArchiveLimits.generous())) {
      return Descriptions.of(tree.tree());
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  /** Makes files of every sort that this user can make, with names that all formats can hold. */
  private Path hostTree() throws IOException {
    Path root = Files.createDirectory(directory.resolve("source"));
    Files.writeString(root.resolve("small"), "hello\n");
    Files.createFile(root.resolve("empty"));
    byte[] large = new byte[300_000];
    new Random(1).nextBytes(large);
    Files.write(root.resolve("large"), large);
    try (var file = new RandomAccessFile(root.resolve("sparse").toFile(), "rw")) {
      // More holes than fit a GNU header.
      for (int i = 0; i < 40; i++) {
        file.seek(i * 100_000L);
        file.write(new byte[] {1, 2, 3});
      }
      file.setLength(5_000_000);
    }
    Files.createLink(root.resolve("small-too"), root.resolve("small"));
    Files.createSymbolicLink(root.resolve("link"), Path.of("small"));
    Files.createSymbolicLink(root.resolve("dangling"), Path.of("/does/not/exist"));
    Path below = Files.createDirectories(root.resolve("a/b/" + "c".repeat(60)));
    Files.writeString(below.resolve("deep"), "deep");
    Files.setAttribute(below, "unix:mode", 01777);
    DebianPackages.run("mkfifo", root.resolve("pipe").toString());
    DebianPackages.run(
        "bash",
        "-c",
        "cd \"$1\" && touch $'not-utf8-\\xff\\xe9' && touch -d '1999-12-31 23:59:59.123456789'"
            + " small",
        "x",
        root.toString());
    if (DebianPackages.isRoot()) {
      DebianPackages.run("mknod", root.resolve("char").toString(), "c", "1", "3");
      DebianPackages.run("mknod", root.resolve("block").toString(), "b", "259", "300");
      DebianPackages.run("chown", "12345:54321", root.resolve("large").toString());
    }
    return root;
  }
}

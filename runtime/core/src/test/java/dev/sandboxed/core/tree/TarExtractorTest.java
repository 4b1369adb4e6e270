package dev.sandboxed.core.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarExtractorTest {
  private static final ArchiveLimits LIMITS = new ArchiveLimits(1000, 100 << 20);

  @TempDir private Path directory = Path.of("");
  private Path parent = Path.of("");
  private Path target = Path.of("");

  @BeforeEach
  void makeParent() throws IOException {
    parent = Files.createDirectory(directory.resolve("parent"));
    target = parent.resolve("target");
  }

  @Test
  void copiesADirectoryWithModesLinksAndTimes() throws IOException {
    Path source = Files.createDirectories(directory.resolve("source"));
    Files.createDirectories(source.resolve("d/e"));
    Files.writeString(source.resolve("d/e/file"), "text");
    Files.createLink(source.resolve("d/again"), source.resolve("d/e/file"));
    Files.createSymbolicLink(source.resolve("link"), Path.of("../../outside"));
    Files.write(source.resolve("holes"), new byte[1 << 20]);
    Files.setLastModifiedTime(
        source.resolve("d/e/file"), FileTime.from(Instant.parse("2001-02-03T04:05:06.123456789Z")));
    Files.setAttribute(source.resolve("d/e/file"), "unix:mode", 0640);
    Files.setAttribute(source.resolve("d/e"), "unix:mode", 0555);
    Files.setLastModifiedTime(
        source.resolve("d"), FileTime.from(Instant.parse("2002-02-03T04:05:06Z")));
    try {
      TarExtractor.Extraction result = TarExtractor.extract(tar(source), target, LIMITS);

      assertThat(Descriptions.differences(withoutLinkTimes(source), withoutLinkTimes(target)))
          .isEmpty();
      assertThat(result.entries()).isEqualTo(7);
      assertThat(result.bytes()).isEqualTo((1 << 20) + 4);
      assertThat(result.leftOut()).isEmpty();
      assertThat(Files.readSymbolicLink(target.resolve("link")))
          .isEqualTo(Path.of("../../outside"));
      assertThat(
              Files.getLastModifiedTime(target.resolve("link"), LinkOption.NOFOLLOW_LINKS)
                  .toInstant())
          .isBetween(
              Files.getLastModifiedTime(source.resolve("link"), LinkOption.NOFOLLOW_LINKS)
                  .toInstant()
                  .minusMillis(1),
              Files.getLastModifiedTime(source.resolve("link"), LinkOption.NOFOLLOW_LINKS)
                  .toInstant());
    } finally {
      DirectoryRemover.remove(source);
      DirectoryRemover.remove(target);
    }
  }

  @Test
  void copiesASingleFile() throws IOException {
    Path source = Files.writeString(directory.resolve("file"), "text");

    TarExtractor.extract(tar(source), target, LIMITS);

    assertThat(target).hasContent("text");
    assertThat(parent).isDirectoryContaining(path -> path.equals(target));
  }

  @Test
  void keepsNamesThatAreNotUtf8() throws IOException {
    var tree =
        new TreeBuilder()
            .file("caf\u00e9\u00ff", Metadata.root(0644), Content.of(new byte[] {1}))
            .symlink("link", Metadata.root(0777), "../\u00e9/x")
            .build();

    TarExtractor.extract(tar(tree), target, LIMITS);

    assertThat(Descriptions.ofHost(target)).containsOnlyKeys("", "caf\u00e9\u00ff", "link");
    assertThat(Descriptions.ofHost(target).get("link")).endsWith("to ../\u00e9/x");
  }

  @Test
  void refusesToWriteThroughALink() throws IOException {
    Path outside = Files.createDirectory(directory.resolve("outside"));

    assertRefused(
        TestArchive.ofDirectory().symlink("l", outside.toString()).file("l/file", "x"),
        "not a directory");
    assertRefused(
        TestArchive.ofDirectory().symlink("l", "..").file("l/file", "x"), "not a directory");
    assertThat(outside).isEmptyDirectory();
  }

  @Test
  void replacesALinkInsteadOfFollowingIt() throws IOException {
    Path outside = Files.writeString(directory.resolve("outside"), "mine");

    TarExtractor.extract(
        TestArchive.ofDirectory().symlink("l", outside.toString()).file("l", "theirs").stream(),
        target,
        LIMITS);

    assertThat(outside).hasContent("mine");
    assertThat(target.resolve("l")).hasContent("theirs").isRegularFile();
  }

  @Test
  void refusesNamesThatClimb() throws IOException {
    assertRefused(TestArchive.ofDirectory().file("../file", "x"), "climbs up");
    assertRefused(TestArchive.ofDirectory().hardLink("h", "../../etc/passwd"), "climbs up");
  }

  @Test
  void refusesHardLinksOutOfTheArchive() throws IOException {
    assertRefused(
        TestArchive.ofDirectory().hardLink("h", "/etc/passwd"), "no file that comes before it");
    assertRefused(
        TestArchive.ofDirectory().symlink("l", "/etc").hardLink("h", "l/passwd"),
        "no file that comes before it");
  }

  @Test
  void takesAbsoluteNamesIntoTheTarget() throws IOException {
    TarExtractor.extract(
        TestArchive.ofDirectory().file("/etc/passwd", "x").stream(), target, LIMITS);

    assertThat(target.resolve("etc/passwd")).hasContent("x");
  }

  @Test
  void leavesOutDevicesAndTheirLinks() throws IOException {
    TarExtractor.Extraction result =
        TarExtractor.extract(
            TestArchive.ofDirectory().device("null").hardLink("too", "null").file("f", "").stream(),
            target,
            LIMITS);

    assertThat(result.leftOut()).containsExactly("null", "too");
    assertThat(target).isDirectoryContaining("glob:**/f").isDirectoryNotContaining("glob:**/null");
  }

  @Test
  void dropsSetUserBits() throws IOException {
    var tree =
        new TreeBuilder()
            .file("su", new Metadata(06755, 0, 0, Instant.EPOCH), Content.of(new byte[0]))
            .directory("tmp", new Metadata(01777, 0, 0, Instant.EPOCH))
            .build();

    TarExtractor.extract(tar(tree), target, LIMITS);

    assertThat((int) Files.getAttribute(target.resolve("su"), "unix:mode") & 07777).isEqualTo(0755);
    assertThat((int) Files.getAttribute(target.resolve("tmp"), "unix:mode") & 07777)
        .isEqualTo(01777);
  }

  @Test
  void leavesNothingOfAnArchiveThatIsCutOff() throws IOException {
    byte[] archive = TestArchive.ofDirectory().file("a", "x".repeat(1000)).file("b", "y").bytes();

    for (int length = 0; length < 3000; length += 500) {
      var cut = new ByteArrayInputStream(Arrays.copyOf(archive, length));
      assertThatThrownBy(() -> TarExtractor.extract(cut, target, LIMITS))
          .isInstanceOf(TreeException.class);
      assertThat(parent).isEmptyDirectory();
    }
  }

  @Test
  void removesWhatAKilledProcessLeft() throws Exception {
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    Path mine = WorkDirectory.create(parent);
    String name = mine.getFileName().toString();
    String pid = "-" + ProcessHandle.current().pid() + "-";
    Path left =
        Files.createDirectories(
            parent.resolve(name.replace(pid, "-" + ended.pid() + "-")).resolve("d"));
    Path foreign =
        Files.createDirectory(parent.resolve(name.replace(pid, "0-" + ended.pid() + "-")));

    extract(TestArchive.ofDirectory().bytes(), LIMITS);

    assertThat(left.getParent()).doesNotExist();
    assertThat(mine).exists();
    assertThat(foreign).exists();
  }

  @Test
  void leavesNothingWhenTheStreamBreaks() {
    var broken =
        new InputStream() {
          private int left = 700;

          @Override
          public int read() throws IOException {
            if (left-- == 0) {
              throw new IOException("connection lost");
            }
            return 0x41;
          }
        };

    assertThatThrownBy(() -> TarExtractor.extract(broken, target, LIMITS))
        .isInstanceOf(IOException.class);
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void refusesTooManyFilesOrBytes() throws IOException {
    byte[] archive = TestArchive.ofDirectory().file("a", "12345").file("b", "12345").bytes();

    assertThatThrownBy(() -> extract(archive, new ArchiveLimits(2, 100)))
        .hasMessageContaining("more than 2 files");
    assertThatThrownBy(() -> extract(archive, new ArchiveLimits(9, 9)))
        .hasMessageContaining("more than 9 bytes");
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void refusesATargetThatExistsOrHasNoParent() throws IOException {
    Files.createSymbolicLink(target, Path.of("dangling"));

    assertThatThrownBy(() -> extract(TestArchive.ofDirectory().bytes(), LIMITS))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(
            () ->
                TarExtractor.extract(
                    TestArchive.ofDirectory().stream(), target.resolve("x"), LIMITS))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining("does not exist. Make it first.");
  }

  @Test
  void refusesMoreThanTheOneFileAskedFor() throws IOException {
    assertRefused(new TestArchive().file("a", "x").file("b", "y"), "more than the one file");
    assertRefused(new TestArchive().directory("d").file("d/x", "y"), "a single file belongs");
    assertRefused(new TestArchive().file("d/x", "y"), "a single file belongs");
    assertRefused(new TestArchive().device("null"), "it is a device");
    assertRefused(new TestArchive(), "is empty");
  }

  @Property(tries = 300)
  void writesNothingOutsideWhateverTheArchive(@ForAll long seed) throws IOException {
    Path around = Files.createTempDirectory("around");
    try {
      Path inside = Files.createDirectories(around.resolve("a/b/c/d"));
      Path into = inside.resolve("target");
      try {
        TarExtractor.extract(
            new ByteArrayInputStream(Mutations.of(seed)), into, new ArchiveLimits(1000, 10 << 20));
        assertThat(inside).isDirectoryContaining(path -> path.equals(into));
      } catch (TreeException e) {
        assertThat(inside).isEmptyDirectory();
      }
      DirectoryRemover.remove(into);
      assertThat(inside).isEmptyDirectory();
      for (Path path = inside; !path.equals(around); path = path.resolveSibling("..").normalize()) {
        try (var siblings = Files.list(path.resolveSibling("."))) {
          assertThat(siblings).hasSize(1);
        }
      }
      assertThat(Path.of("/tmp/escaped")).doesNotExist();
    } finally {
      DirectoryRemover.remove(around);
    }
  }

  private void assertRefused(TestArchive archive, String why) {
    assertThatThrownBy(() -> extract(archive.bytes(), LIMITS))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining(why);
    assertThat(parent).isEmptyDirectory();
  }

  private void extract(byte[] archive, ArchiveLimits limits) throws IOException {
    TarExtractor.extract(new ByteArrayInputStream(archive), target, limits);
  }

  private static InputStream tar(Path source) throws IOException {
    var out = new ByteArrayOutputStream();
    TarWriter.write(source, out);
    return new ByteArrayInputStream(out.toByteArray());
  }

  private static InputStream tar(FileTree tree) throws IOException {
    var out = new ByteArrayOutputStream();
    TarWriter.write(tree, out);
    return new ByteArrayInputStream(out.toByteArray());
  }

  /** Java sets the times of links to the microsecond only. */
  private static SortedMap<String, String> withoutLinkTimes(Path root) throws IOException {
    var lines = new TreeMap<>(Descriptions.ofHost(root));
    lines.replaceAll((path, line) -> line.replaceAll("^(symlink [0-7]+ [0-9:]+) \\S+", "$1"));
    return lines;
  }
}

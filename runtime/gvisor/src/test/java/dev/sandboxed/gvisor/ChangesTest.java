package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.sandboxed.FileChange;
import dev.sandboxed.FileChange.Kind;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNotRunningException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a sandbox has changed, against its image. */
class ChangesTest {
  @TempDir private Path root = Path.of("");

  @Test
  void whatIsNotAsInTheImageIsListedWithItsTexts() throws IOException {
    write("etc/motd", "hello\n");
    write("etc/same", "as it was\n");
    write("etc/gone", "old\n");
    write("etc/mode", "text\n");
    write("srv/tree/a/b", "deep\n");
    write("srv/again/old", "old\n");
    Files.createSymbolicLink(root.resolve("etc/link"), Path.of("motd"));
    try (var sandbox = Sandbox.builder().image(Image.directory(root)).create()) {
      assertThat(sandbox.changes()).isEmpty();

      var files = sandbox.files();
      files.write("/etc/motd", "bye\n");
      files.write("/etc/same", "as it was\n");
      files.remove("/etc/gone");
      files.removeRecursively("/srv/tree");
      files.removeRecursively("/srv/again");
      files.makeDirectory("/srv/again");
      files.write("/srv/again/new", "new\n");
      files.write("/srv/bytes", new byte[] {0, 1, 2});
      files.write("/srv/large", "x".repeat(70_000));
      files.write("/tmp/not-listed", "");
      Files.createDirectories(root.resolve("copied"));
      var script = Files.writeString(root.resolve("copied/mode"), "text\n");
      Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
      files.copyIn(script, "/etc/mode");

      // A directory made anew is listed too where its owner is another than before: here, when the
      // tests are run by an ordinary user.
      assertThat(sandbox.changes())
          .filteredOn(c -> !c.path().equals("/srv/again"))
          .extracting(FileChange::kind, FileChange::path, FileChange::type, FileChange::size)
          .containsExactly(
              tuple(Kind.REMOVED, "/etc/gone", FileType.FILE, 4L),
              tuple(Kind.CHANGED, "/etc/mode", FileType.FILE, 5L),
              tuple(Kind.CHANGED, "/etc/motd", FileType.FILE, 4L),
              tuple(Kind.ADDED, "/srv/again/new", FileType.FILE, 4L),
              tuple(Kind.REMOVED, "/srv/again/old", FileType.FILE, 4L),
              tuple(Kind.ADDED, "/srv/bytes", FileType.FILE, 3L),
              tuple(Kind.ADDED, "/srv/large", FileType.FILE, 70_000L),
              tuple(Kind.REMOVED, "/srv/tree", FileType.DIRECTORY, 0L));
      assertThat(sandbox.changes())
          .filteredOn(c -> c.path().matches("/etc/mo.*|/srv/(bytes|large)"))
          .extracting(FileChange::mode, FileChange::before, FileChange::after)
          .containsExactly(
              tuple(0700, Optional.of("text\n"), Optional.of("text\n")),
              tuple(0644, Optional.of("hello\n"), Optional.of("bye\n")),
              tuple(0644, Optional.empty(), Optional.empty()),
              tuple(0644, Optional.empty(), Optional.empty()));
    }
  }

  @Test
  void onTheHostsToolsOnlyWhatProgramsDidIsListed() {
    try (var sandbox = Sandbox.create()) {
      assertThat(sandbox.changes()).isEmpty();
      sandbox
          .exec(
              "sh", "-c", "mkdir -m 750 /d; ln -s nowhere /d/l; mkfifo /d/p; :> /d/f; ln /d/f /d/g")
          .await();

      assertThat(sandbox.changes())
          .extracting(FileChange::path, FileChange::type)
          .containsExactly(
              tuple("/d", FileType.DIRECTORY),
              tuple("/d/f", FileType.FILE),
              tuple("/d/g", FileType.FILE),
              tuple("/d/l", FileType.SYMLINK),
              tuple("/d/p", FileType.FIFO));
      assertThat(Sandbox.fromId(sandbox.id()).changes()).isEqualTo(sandbox.changes());
    }
  }

  @Test
  void anEndedSandboxSaysThatItHasEnded() {
    var sandbox = Sandbox.create();
    sandbox.close();

    assertThatThrownBy(sandbox::changes).isInstanceOf(SandboxNotRunningException.class);
  }

  private void write(String path, String text) throws IOException {
    var file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
  }
}

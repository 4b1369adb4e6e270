package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Trees that try to make the host write where it should not. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CopyOutTest {
  /** Takes long enough to copy that something can happen meanwhile. */
  private static final String LARGE_TREE =
      "mkdir /tree && dd if=/dev/urandom of=/tree/a bs=1M count=64 2>&1"
          + " && for i in b c d e f g h; do cp /tree/a /tree/$i; done";

  @TempDir Path host;
  private Path target;
  private Path outside;

  @BeforeEach
  void makeAPlaceThatMustNotChange() throws IOException {
    target = Files.createDirectory(host.resolve("chosen")).resolve("target");
    outside = Files.createDirectory(host.resolve("outside"));
    Files.writeString(outside.resolve("file"), "untouched");
  }

  /** Removes the copies before the temporary directory goes, which warns of every link. */
  @AfterEach
  void remove() throws Exception {
    run("rm", "-rf", target.getParent().toString());
  }

  @Test
  void linksComeOutAsLinksAndAreNeverFollowed() throws Exception {
    try (var sandbox = Sandbox.create()) {
      run(
          sandbox,
          "mkdir -p /tree/sub && cd /tree",
          "ln -s / root && ln -s /etc/passwd absolute && ln -s ../../../../.. up",
          "ln -s " + outside + " outside && ln -s " + outside + "/file file",
          "ln -s loop loop && ln -s missing dangling && ln -s ../.. sub/up",
          "echo real > real && ln real hard && ln -s . self");
      sandbox.files().copyOut("/tree", target);
    }
    assertThat(names(target))
        .containsExactlyInAnyOrder(
            "absolute",
            "dangling",
            "file",
            "hard",
            "loop",
            "outside",
            "real",
            "root",
            "self",
            "sub",
            "up");
    assertThat(Files.readSymbolicLink(target.resolve("absolute")))
        .isEqualTo(Path.of("/etc/passwd"));
    assertThat(Files.readSymbolicLink(target.resolve("outside"))).isEqualTo(outside);
    assertThat(Files.getAttribute(target.resolve("real"), "unix:ino"))
        .isEqualTo(Files.getAttribute(target.resolve("hard"), "unix:ino"));
    assertNothingElseWritten();
  }

  @Test
  void aTreeWhoseDirectoriesTurnIntoLinksWritesNothingOutside() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var swapper =
          Inside.startAndAwaitLine(
              Inside.python(
                  sandbox,
                  "import os, shutil",
                  "os.makedirs('/tree')",
                  "for i in range(200):",
                  "  os.mkdir('/tree/d%03d' % i); open('/tree/d%03d/file' % i, 'w').write('evil')",
                  "os.write(1, b'go\\n')",
                  "while True:",
                  "  for i in range(200):",
                  "    d = '/tree/d%03d' % i",
                  "    os.rename(d, d + 'x'); os.symlink('" + outside + "', d)",
                  "    os.unlink(d); os.rename(d + 'x', d)"),
              "go");
      for (var i = 0; i < 10; i++) {
        var copy = target.resolveSibling("target" + i);
        try {
          sandbox.files().copyOut("/tree", copy);
          assertThat(copy).isDirectory();
        } catch (SandboxException e) {
          assertThat(copy).doesNotExist();
        }
      }
      swapper.kill();
    }
    assertThat(names(outside)).containsExactly("file");
    assertThat(outside.resolve("file")).hasContent("untouched");
  }

  @Test
  void devicesSocketsAndPipesDoNotStopACopy() throws Exception {
    try (var sandbox = Sandbox.create()) {
      run(
          sandbox,
          "mkdir /tree && cd /tree && echo real > real && mkfifo pipe",
          "mknod null c 1 3; mknod disk b 8 0; mknod mem c 1 1",
          "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket\")'");
      sandbox.files().copyOut("/tree", target);
    }
    assertThat(names(target)).contains("real").isSubsetOf("real", "pipe");
    assertNothingElseWritten();
  }

  @Test
  void aFileThatGrowsWhileItIsCopiedDoesNotKeepTheCopyFromEnding() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var grower =
          Inside.startAndAwaitLine(
              Inside.shell(
                  sandbox,
                  "mkdir /tree; echo go; while :; do head -c 100000 /dev/zero >> /tree/growing;"
                      + " done"),
              "go");
      await().until(() -> sandbox.files().exists("/tree/growing"));
      for (var i = 0; i < 5; i++) {
        sandbox.files().copyOut("/tree", target.resolveSibling("target" + i));
      }
      grower.kill();
    }
  }

  @Test
  void aFileThatShrinksWhileItIsCopiedIsAnErrorOrAWholeCopy() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var shrinker =
          Inside.startAndAwaitLine(
              Inside.python(
                  sandbox,
                  "import os",
                  "os.mkdir('/tree'); f = open('/tree/file', 'wb')",
                  "f.write(b'x' * (8 << 20)); f.flush(); os.write(1, b'go\\n')",
                  "while True: f.truncate(1000); f.truncate(8 << 20)"),
              "go");
      for (var i = 0; i < 10; i++) {
        var copy = target.resolveSibling("target" + i);
        try {
          sandbox.files().copyOut("/tree", copy);
          assertThat(copy.resolve("file")).isRegularFile();
        } catch (SandboxException e) {
          assertThat(e).hasMessageContaining("/tree");
          assertThat(copy).doesNotExist();
        }
      }
      Inside.assertAnswers(sandbox);
      shrinker.kill();
    }
  }

  @Test
  void aHugeSparseFileTakesNoSpaceOnTheHost() throws Exception {
    try (var sandbox = Sandbox.create()) {
      run(sandbox, "mkdir /tree && truncate -s 2G /tree/sparse && echo real > /tree/real");
      sandbox.files().copyOut("/tree", target);
    }
    assertThat(Files.size(target.resolve("sparse"))).isEqualTo(2L << 30);
    var kibibytes = output("du", "-sk", target.toString()).split("\\s")[0];
    assertThat(Long.parseLong(kibibytes)).isLessThan(1024);
  }

  @Test
  void moreThanAnyHostCanHoldIsRefusedAndLeavesNothing() throws Exception {
    try (var sandbox = Sandbox.create()) {
      run(sandbox, "mkdir /tree && truncate -s 2T /tree/sparse && echo real > /tree/real");
      assertThatExceptionOfType(SandboxException.class)
          .isThrownBy(() -> sandbox.files().copyOut("/tree", target))
          .withMessageContaining("/tree");
      Inside.assertAnswers(sandbox);
    }
    assertThat(target).doesNotExist();
    assertNothingElseWritten();
  }

  @Test
  void aCopyCanBeGivenUpAtAnyTimeAndLeavesNothing() throws Exception {
    try (var sandbox = Sandbox.create()) {
      run(sandbox, LARGE_TREE);
      var copy = sandbox.files().copyOutAsync("/tree", target);
      await().until(() -> names(target.getParent()).findAny().isPresent());
      assertThat(copy.cancel(true)).isTrue();
      await().atMost(Inside.PATIENCE).untilAsserted(this::assertNothingElseWritten);
      assertThat(target).doesNotExist();
      Inside.assertAnswers(sandbox);
    }
  }

  @Test
  void aSandboxThatEndsInTheMiddleLeavesNothing() throws Exception {
    try (var sandbox = Sandbox.create()) {
      run(sandbox, LARGE_TREE);
      var copy = sandbox.files().copyOutAsync("/tree", target);
      await().until(() -> names(target.getParent()).findAny().isPresent());
      sandbox.close();
      assertThat(copy)
          .failsWithin(Inside.PATIENCE)
          .withThrowableOfType(ExecutionException.class)
          .withCauseInstanceOf(SandboxException.class);
    }
    await().atMost(Inside.PATIENCE).untilAsserted(this::assertNothingElseWritten);
    assertThat(target).doesNotExist();
  }

  @Test
  void anExistingTargetIsNeverWrittenTo() throws Exception {
    try (var sandbox = Sandbox.create()) {
      run(sandbox, "mkdir /tree && echo evil > /tree/file");
      assertThatExceptionOfType(SandboxFileException.AlreadyExists.class)
          .isThrownBy(() -> sandbox.files().copyOut("/tree", outside))
          .withMessageContaining(outside.toString());
      Files.createSymbolicLink(target, outside.resolve("new"));
      assertThatExceptionOfType(SandboxFileException.AlreadyExists.class)
          .isThrownBy(() -> sandbox.files().copyOut("/tree", target));
    }
    assertThat(outside.resolve("file")).hasContent("untouched");
    assertThat(names(outside)).containsExactly("file");
  }

  @Test
  void setUserIdAndUnreadableModesCannotLockTheHostOut() throws Exception {
    try (var sandbox = Sandbox.create()) {
      run(
          sandbox,
          "mkdir -p /tree/locked/inner && echo x > /tree/locked/inner/file",
          "cp /bin/true /tree/setuid && chmod 6755 /tree/setuid",
          "chmod 000 /tree/locked/inner/file /tree/locked/inner /tree/locked && chmod 000 /tree");
      sandbox.files().copyOut("/tree", target);
      assertThat(Files.exists(target, LinkOption.NOFOLLOW_LINKS)).isTrue();
    }
    run("chmod", "-R", "u+rwx", target.toString());
    assertThat(target.resolve("locked/inner/file")).hasContent("x");
  }

  private static void run(Sandbox sandbox, String... script) {
    var result = Inside.shell(sandbox, "set -e\n" + String.join("\n", script)).await();
    assertThat(result.isSuccess()).as(result.toString()).isTrue();
  }

  private static void run(String... command) throws Exception {
    output(command);
  }

  private static String output(String... command) throws Exception {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  /** The directory of the target holds the target at most: no temporary file is left. */
  private void assertNothingElseWritten() throws IOException {
    assertThat(names(outside)).containsExactly("file");
    assertThat(outside.resolve("file")).hasContent("untouched");
    assertThat(names(target.getParent())).isSubsetOf("target");
    assertThat(names(host)).containsExactlyInAnyOrder("chosen", "outside");
  }

  private static Stream<String> names(Path directory) throws IOException {
    try (var entries = Files.list(directory)) {
      return entries.map(p -> p.getFileName().toString()).toList().stream();
    }
  }
}

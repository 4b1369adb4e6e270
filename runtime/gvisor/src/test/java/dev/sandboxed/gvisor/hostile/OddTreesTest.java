package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.FileStat;
import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Trees that are merely strange: they are listed, copied and removed like any other. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OddTreesTest {
  @TempDir Path host;

  @Test
  void strangeNamesAreListedCopiedAndRemoved() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var made =
          Inside.python(
                  sandbox,
                  "import os",
                  "os.mkdir('/tree')",
                  "names = [b'new\\nline', b'tab\\t', b'quote\"', b'back\\\\slash', b'-rf', b' ',",
                  "  b'*', b'~', b'...', b'\\x01\\x7f', '\\u00fc\\u20ac\\U0001f40d'.encode(),",
                  "  b'x' * 255, b'{\"name\":1}', b'a\\r']",
                  "for n in names: open(b'/tree/' + n, 'wb').write(n)",
                  "print(len(names))")
              .await();
      assertThat(made.stdout()).isEqualTo("14\n");
      assertThat(sandbox.files().list("/tree"))
          .extracting(FileStat::name)
          .hasSize(14)
          .contains("new\nline", "tab\t", "quote\"", "back\\slash", "\u00fc\u20ac\ud83d\udc0d");
      sandbox.files().copyOut("/tree", host.resolve("tree"));
      for (var entry : sandbox.files().list("/tree")) {
        assertThat(sandbox.files().readText(entry.path())).isEqualTo(entry.name());
      }
      sandbox.files().copyIn(host.resolve("tree"), "/again");
      var compared = Inside.shell(sandbox, "diff -r /tree /again && ls /again | wc -l").await();
      assertThat(compared.isSuccess()).as(compared.toString()).isTrue();
      sandbox.files().removeRecursively("/tree");
      assertThat(sandbox.files().exists("/tree")).isFalse();
    }
  }

  @Test
  void namesThatAreNotTextAreListedCopiedAndRemoved() throws Exception {
    try (var sandbox = Sandbox.create()) {
      Inside.python(
              sandbox,
              "import os",
              "os.mkdir('/tree')",
              "for n in [b'\\xff\\xfe', b'\\xc3', b'ok\\x80', b'plain']:",
              "  open(b'/tree/' + n, 'wb').write(n)",
              "os.symlink(b'\\xff\\xfe', b'/tree/link\\xf0')")
          .await();
      assertThat(sandbox.files().list("/tree")).hasSize(5);
      sandbox.files().copyOut("/tree", host.resolve("tree"));
      assertThat(hostBytes("ls -1b " + host.resolve("tree"))).contains("\\377\\376", "ok\\200");
      sandbox.files().copyIn(host.resolve("tree"), "/again");
      var compared = Inside.shell(sandbox, "diff -r --no-dereference /tree /again").await();
      assertThat(compared.isSuccess()).as(compared.toString()).isTrue();
      sandbox.files().removeRecursively("/tree");
      assertThat(sandbox.files().exists("/tree")).isFalse();
    }
    remove(host.resolve("tree"));
  }

  @Test
  void aTreeDeeperThanAnyPathMayBeLongIsRemovedAndCopiedOrRefused() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var made =
          Inside.python(
                  sandbox,
                  "import os",
                  "os.mkdir('/tree'); os.chdir('/tree')",
                  "for i in range(2000): os.mkdir('deeper'); os.chdir('deeper')",
                  "open('file', 'w').write('deep')")
              .await();
      assertThat(made.isSuccess()).as(made.toString()).isTrue();
      try {
        sandbox.files().copyOut("/tree", host.resolve("tree"));
        assertThat(host.resolve("tree")).isDirectory();
      } catch (dev.sandboxed.SandboxException e) {
        assertThat(e).hasMessageMatching("(?s).{20,}");
        assertThat(host).isEmptyDirectory();
      }
      Inside.assertAnswers(sandbox);
      sandbox.files().removeRecursively("/tree");
      assertThat(sandbox.files().exists("/tree")).isFalse();
    }
    remove(host.resolve("tree"));
  }

  @Test
  void twentyThousandFilesInOneDirectoryAreListedCopiedOutAndIn() throws Exception {
    var count = 20_000;
    try (var sandbox = Sandbox.create()) {
      var made =
          Inside.python(
                  sandbox,
                  "import os",
                  "os.mkdir('/tree')",
                  "for i in range(" + count + "):",
                  "  os.close(os.open('/tree/a-file-with-a-name-of-some-length-%06d' % i,"
                      + " os.O_CREAT | os.O_WRONLY))")
              .await();
      assertThat(made.isSuccess()).as(made.toString()).isTrue();
      var listed = sandbox.files().list("/tree");
      assertThat(listed).hasSize(count);
      assertThat(listed.get(0).name()).endsWith("-000000");
      assertThat(listed.get(count - 1).name()).endsWith("-0" + (count - 1));
      sandbox.files().copyOut("/tree", host.resolve("tree"));
      try (var copied = Files.list(host.resolve("tree"))) {
        assertThat(copied).hasSize(count);
      }
      sandbox.files().copyIn(host.resolve("tree"), "/again");
      assertThat(Inside.shell(sandbox, "ls -U /again | wc -l").await().stdout().strip())
          .isEqualTo("" + count);
      sandbox.files().removeRecursively("/tree");
      Inside.assertAnswers(sandbox);
    }
    remove(host.resolve("tree"));
  }

  private static String hostBytes(String script) throws IOException {
    var process = new ProcessBuilder("sh", "-c", script).redirectErrorStream(true).start();
    return new String(
        process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
  }

  /** Removes by a program of the host's: Java cannot name every file that was made. */
  private static void remove(Path tree) throws Exception {
    assertThat(new ProcessBuilder("rm", "-rf", tree.toString()).start().waitFor()).isZero();
  }
}

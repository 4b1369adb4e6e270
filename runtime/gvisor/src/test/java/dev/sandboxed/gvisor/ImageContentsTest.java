package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.ImageException;
import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is inside of a sandbox is what the image was made from, as gVisor reads it. */
class ImageContentsTest {
  private static final String LISTING =
      """
      cd "$1"
      find . -type d -printf '%p %y %m %T@\\n' \\
        -o -type f -printf '%p %y %m %s %T@ links=%n\\n' -o -printf '%p %y %m %T@ %l\\n' | LC_ALL=C sort
      find . -type f -exec sha256sum {} + | LC_ALL=C sort
      """;

  @TempDir private Path directory = Path.of("");
  private Path root = Path.of("");

  /**
   * Makes a system of a static shell's worth: the host's programs and libraries, and files of every
   * sort.
   */
  @BeforeEach
  void makeRoot() throws Exception {
    root = Files.createDirectory(directory.resolve("root"));
    host(
        """
        cd "$1"
        mkdir -p usr/bin tmp proc sys dev etc data/deep/er
        for d in bin sbin lib lib64; do ln -s usr/$d $d; mkdir -p usr/$d; done
        for p in sh bash find sort sha256sum; do cp -L "$(command -v $p)" usr/bin/; done
        ldd usr/bin/* | sed -n 's/.*\\s\\(\\/[^ ]*\\) (.*/\\1/p' | sort -u | while read -r l; do mkdir -p ".$(dirname "$l")"; cp -L "$l" ".$l"; done
        cd data
        cp -a /usr/share/common-licenses . 2>/dev/null || cp -a /etc/alternatives .
        for i in $(seq 2000); do echo $i > "deep/file-with-a-name-that-takes-some-room-$i"; done
        head -c 5000000 /dev/urandom > random
        truncate -s 20M sparse
        ln random deep/er/again
        ln -s "$(printf 'x%.0s' $(seq 200))" dangling
        touch empty $'not-utf8-\\xff'
        touch -d '2001-02-03 04:05:06.123456789' random
        chmod 1750 deep/er
        mkfifo pipe
        """,
        root.toString());
  }

  @Test
  void readsADirectoryAsItIs() throws Exception {
    try (Sandbox sandbox = Sandbox.builder().image(Image.directory(root)).create()) {
      assertSame(host(LISTING, root + "/data"), inside(sandbox, "/data"));
    }
  }

  @Test
  void readsATarAsItIs() throws Exception {
    Path tar = directory.resolve("root.tar.gz");
    host(
        "tar --format=pax --numeric-owner -czf \"$2\" -C \"$1\" .",
        root.toString(),
        tar.toString());

    try (Sandbox sandbox = Sandbox.builder().image(Image.tar(tar)).create()) {
      assertSame(host(LISTING, root + "/data"), inside(sandbox, "/data"));
    }
  }

  @Test
  void findsTheHostsToolsAndNothingPersonal() {
    Path home = Path.of(System.getProperty("user.home"));
    try (Sandbox sandbox = Sandbox.builder().image(Image.host()).create()) {
      assertThat(sandbox.exec("java", "-version").await().exitCode()).isZero();
      assertThat(sandbox.exec("sh", "-c", "echo $JAVA_HOME; ls -A /home").await().stdout().lines())
          .hasSize(1);
      for (String secret : List.of(".ssh", ".m2", ".npmrc", ".gitconfig", ".bashrc", ".cache")) {
        assertThat(sandbox.files().exists(home.resolve(secret).toString())).as(secret).isFalse();
      }
      assertThat(sandbox.files().readText("/etc/passwd")).startsWith("root:x:0:0:").hasLineCount(3);
    }
  }

  @Test
  void saysWhyATarCannotBeUsed() throws IOException {
    Path tar =
        Files.writeString(directory.resolve("broken.tar"), "not a tar archive at all".repeat(100));

    assertThatThrownBy(() -> Sandbox.builder().image(Image.tar(tar)).create())
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(tar + ": This is not a tar archive");
  }

  private static void assertSame(String expected, String actual) {
    assertThat(expected.lines()).hasSizeGreaterThan(4000);
    assertThat(actual.lines().toList()).isEqualTo(expected.lines().toList());
  }

  private static String inside(Sandbox sandbox, String path) {
    var result = sandbox.exec("bash", "-euc", LISTING, "listing", path).await();
    assertThat(result.stderr()).isEmpty();
    return result.stdout();
  }

  private static String host(String script, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        Stream.concat(Stream.of("bash", "-euc", script, "script"), Arrays.stream(arguments))
            .toList();
    Path errors = Files.createTempFile("script", ".err");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    try (var out = process.inputReader(StandardCharsets.UTF_8)) {
      var text = new StringBuilder();
      out.lines().forEach(line -> text.append(line).append('\n'));
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
      return text.toString();
    } finally {
      process.destroyForcibly();
      Files.delete(errors);
    }
  }
}

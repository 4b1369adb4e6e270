package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What of the host can be seen inside: nothing that was not passed in. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class IsolationTest {
  private static Sandbox sandbox;

  @BeforeAll
  static void create() {
    sandbox = Sandbox.create();
  }

  @AfterAll
  static void close() {
    sandbox.close();
  }

  @Test
  void has_nothing_of_the_hosts_environment() {
    var names =
        sandbox.exec("env").await().stdout().lines().map(l -> l.substring(0, l.indexOf('=')));

    assertThat(names).isSubsetOf("PATH", "HOME", "USER", "LANG", "PWD", "JAVA_HOME", "LC_ALL");
    // runsc itself adds the home directory.
    assertThat(shell("tr '\\0' '\\n' < /proc/1/environ")).isEqualTo("HOME=/root\n");
  }

  @Test
  void runs_on_a_kernel_of_its_own_with_processes_of_its_own() {
    assertThat(shell("dmesg 2>/dev/null || cat /proc/version")).containsIgnoringCase("gvisor");
    assertThat(shell("ls /proc | grep -c '^[0-9]'").strip()).isLessThanOrEqualTo("9");
    assertThat(shell("cat /proc/1/cmdline")).contains("agent");
  }

  @Test
  void sees_no_files_of_the_hosts_users(@TempDir Path host) throws IOException {
    var outside = Files.writeString(host.resolve("secret"), "x");
    assertThat(sandbox.files().exists(outside.toString())).isFalse();

    var home = Path.of(System.getProperty("user.home"));
    var personal = Files.createTempFile(home, ".sandboxed-test", "");
    try {
      assertThat(sandbox.files().exists(personal.toString())).isFalse();
      for (var name : new String[] {".m2", ".ssh", ".netrc", ".bash_history", ".gitconfig"}) {
        assertThat(sandbox.files().exists(home.resolve(name).toString())).as(name).isFalse();
      }
    } finally {
      Files.delete(personal);
    }
    assertThat(shell("grep -v ':[*!]:' /etc/shadow; cat /etc/machine-id 2>/dev/null")).isEmpty();
  }

  @Test
  void reaches_no_network() {
    assertThat(shell("cat /proc/net/dev | tail -n +3 | grep -v lo:")).isEmpty();
    assertThat(
            sandbox
                .exec(
                    "bash",
                    "-c",
                    "for a in 127.0.0.1/22 169.254.169.254/80 1.1.1.1/53; do (echo > /dev/tcp/$a)"
                        + " 2>/dev/null && echo $a; done; true")
                .await()
                .stdout())
        .isEmpty();
  }

  @Test
  void keeps_sandboxes_apart() {
    try (var other = Sandbox.create()) {
      other.files().write("/tmp/mine", "x");
      assertThat(sandbox.files().exists("/tmp/mine")).isFalse();
    }
  }

  private static String shell(String script) {
    return sandbox.exec("sh", "-c", script).await().stdout();
  }
}

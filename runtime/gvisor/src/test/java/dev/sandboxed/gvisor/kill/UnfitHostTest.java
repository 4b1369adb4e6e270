package dev.sandboxed.gvisor.kill;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hosts that lack what a sandbox needs: one clear sentence, and nothing left behind. */
@Timeout(value = 200, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnfitHostTest {
  @TempDir Path logs;
  private Arena arena;

  @BeforeEach
  void open() throws Exception {
    arena = new Arena();
  }

  @AfterEach
  void close() throws Exception {
    arena.close();
  }

  @Test
  void aSystemThatIsNotLinux() throws Exception {
    assertThat(errorOn(List.of(), "-Dos.name=Plan 9"))
        .contains("BackendUnavailableException", "Linux", "Plan 9");
  }

  @Test
  void aHostWithoutUserNamespaces() throws Exception {
    assertThat(errorOn(shell("echo 0 > /proc/sys/user/max_user_namespaces")))
        .contains(
            "BackendUnavailableException",
            "user namespaces are switched off",
            "sysctl -w user.max_user_namespaces");
  }

  @Test
  void aCacheWithoutSpace() throws Exception {
    assertThat(errorOn(shell("mount -t tmpfs -o size=1m,mode=700 tmpfs " + arena.cache())))
        .contains("No space left on device", arena.cache().toString(), "sandboxed.cache");
  }

  @Test
  void aStateDirectoryWithoutSpace() throws Exception {
    assertThat(errorOn(shell("mount -t tmpfs -o size=4k,nr_inodes=4 tmpfs " + arena.state())))
        .containsIgnoringCase("no space left on device")
        .contains(arena.state().toString());
  }

  /** Runs a script in namespaces of its own, where anybody may, and then the rest. */
  private static List<String> shell(String script) {
    return List.of("unshare", "-Urm", "sh", "-ec", script + "; exec \"$@\"", "sh");
  }

  private String errorOn(List<String> host, String... properties) throws Exception {
    var log = Files.createFile(logs.resolve("log"));
    var work = arena.work("work");
    var jvm = arena.startOn(host, List.of(properties), log, "hold", work.toString());
    assertThat(jvm.waitFor(100, SECONDS)).isTrue();
    arena.awaitNothingRuns();
    assertThat(log).content().contains(Victim.ERROR).doesNotContain(Victim.CREATED);
    return Files.readString(log);
  }
}

package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Exec;
import dev.sandboxed.Sandbox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForkBombTest {
  private static final int LIMIT = 64;

  @Test
  void aForkBombIsHeldAtTheLimitAndEndsWithItsSandbox() throws Exception {
    var before = hostProcesses();
    try (var sandbox = Sandbox.builder().processes(LIMIT).create()) {
      Inside.startAndAwaitLine(bomb(sandbox), "full");
      // The sentry backs each address space inside with a process of the host.
      assertThat(hostProcesses()).isLessThan(before + 3 * LIMIT + 100);
      Inside.assertEndsQuickly(sandbox);
    }
    await().atMost(Inside.PATIENCE).until(() -> hostProcesses() < before + 5);
  }

  @Test
  void aKilledForkBombLeavesTheSandboxUsable() throws Exception {
    try (var sandbox = Sandbox.builder().processes(LIMIT).create()) {
      var bomb = Inside.startAndAwaitLine(bomb(sandbox), "full");
      bomb.kill();
      // Children may be forked while the group is killed, so the group is killed until it is gone.
      await()
          .atMost(Inside.PATIENCE)
          .ignoreExceptions()
          .until(() -> sandbox.exec("echo", "alive").await().stdout().equals("alive\n"));
    }
  }

  @Test
  void aForkBombHoldsBackNoOtherSandbox() throws Exception {
    try (var bombed = Sandbox.builder().processes(LIMIT).create();
        var other = Sandbox.create()) {
      Inside.startAndAwaitLine(bomb(bombed), "full");
      Inside.assertAnswers(other);
    }
  }

  /** Forks all it can, a thousand at most, so that a limit that fails costs the host no more. */
  private static Exec bomb(Sandbox sandbox) {
    return Inside.python(
        sandbox,
        "import os, time",
        "def child():",
        "  for i in range(100000):",
        "    try:",
        "      if os.fork() == 0: os._exit(0)",
        "    except OSError:",
        "      pass",
        "for i in range(1000):",
        "  try:",
        "    if os.fork() == 0: child()",
        "  except OSError:",
        "    os.write(1, b'full\\n')",
        "    child()",
        "os.write(1, b'no limit\\n')",
        "os.kill(0, 9)");
  }

  /** Counts what this JVM's sandboxes are made of; others may start processes meanwhile. */
  private static long hostProcesses() {
    return ProcessHandle.current().descendants().count();
  }
}

package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.Signal;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StubbornProcessTest {
  private static final String IGNORES_SIGNALS =
      "trap '' TERM INT HUP QUIT USR1; echo ready; while :; do sleep 1; done";

  @Test
  void aProcessThatIgnoresSignalsEndsWithItsSandbox() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var process = Inside.startAndAwaitLine(Inside.shell(sandbox, IGNORES_SIGNALS), "ready");
      process.signalGroup(Signal.TERM);
      assertThat(process.poll()).isEmpty();
      Inside.assertEndsQuickly(sandbox);
    }
  }

  @Test
  void anEntrypointThatIgnoresSignalsEndsWithItsSandbox() throws Exception {
    try (var sandbox = Sandbox.builder().command("sh", "-c", IGNORES_SIGNALS).create()) {
      Inside.assertEndsQuickly(sandbox);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        IGNORES_SIGNALS,
        "kill -STOP $$",
        "setsid sleep 600 & wait",
        "(trap '' TERM; setsid sh -c 'while :; do sleep 1; done') & wait"
      })
  void anExecTimeoutHoldsWhateverTheProcessDoes(String script) {
    try (var sandbox = Sandbox.create()) {
      assertThatExceptionOfType(ExecTimeoutException.class)
          .isThrownBy(() -> Inside.shell(sandbox, script).timeout(Duration.ofSeconds(1)).await());
      Inside.assertAnswers(sandbox);
    }
  }

  @Test
  void theSandboxTimeoutHoldsWhateverTheProcessesDo() {
    try (var sandbox = Sandbox.builder().timeout(Duration.ofSeconds(3)).create()) {
      Inside.shell(sandbox, IGNORES_SIGNALS).start();
      Inside.shell(sandbox, "kill -STOP -1; kill -KILL -1").start();
      assertThat(sandbox.onExit().orTimeout(20, TimeUnit.SECONDS).join())
          .isEqualTo(new ExitStatus(124, ExitReason.TIMEOUT));
    }
  }

  @Test
  void writingToAProcessThatHasClosedItsStdinNeverBlocksForGood() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var process =
          Inside.startAndAwaitLine(
              Inside.python(
                  sandbox,
                  "import os, time",
                  "os.close(0)",
                  "os.write(1, b'closed\\n')",
                  "time.sleep(600)"),
              "closed");
      var written = CompletableFuture.runAsync(() -> writeUntilRefused(process, 8 << 20));
      assertThat(written).succeedsWithin(Inside.PATIENCE);
      assertThat(process.poll()).isEmpty();
      Inside.assertAnswers(sandbox);
    }
  }

  @Test
  void aProcessThatNeverReadsItsStdinCanEnd() {
    try (var sandbox = Sandbox.create()) {
      var result = sandbox.exec("true").stdin(new byte[8 << 20]).await();
      assertThat(result.isSuccess()).isTrue();
    }
  }

  @Test
  void aProcessThatNeverReadsItsStdinCanBeKilled() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var process = sandbox.exec("sleep", "600").start();
      var written = CompletableFuture.runAsync(() -> writeUntilRefused(process, 8 << 20));
      Inside.assertAnswers(sandbox);
      process.kill();
      assertThat(process.onExit())
          .succeedsWithin(Inside.PATIENCE)
          .isEqualTo(new ExitStatus(137, ExitReason.SIGNALED));
      assertThat(written).succeedsWithin(Inside.PATIENCE);
    }
  }

  private static void writeUntilRefused(SandboxProcess process, int bytes) {
    try (var stdin = process.stdin()) {
      stdin.write(new byte[bytes]);
    } catch (IOException e) {
      assertThat(e).hasMessageMatching("(?s).{10,}");
    }
  }
}

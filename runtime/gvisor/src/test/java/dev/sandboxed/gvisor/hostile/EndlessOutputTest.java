package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ByteSize;
import dev.sandboxed.OutputTooLargeException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndlessOutputTest {
  private static final ByteSize LIMIT = ByteSize.parse("1m");

  @ParameterizedTest
  @ValueSource(
      strings = {"yes", "yes >&2", "yes & yes >&2", "cat /dev/zero", "setsid yes & exec yes"})
  void outputBeyondTheLimitIsAnErrorAndStopsTheProcess(String script) {
    try (var sandbox = Sandbox.create()) {
      assertThatExceptionOfType(OutputTooLargeException.class)
          .isThrownBy(() -> Inside.shell(sandbox, script).outputLimit(LIMIT).await())
          .withMessageContaining("1m");
      Inside.assertAnswers(sandbox);
    }
  }

  @Test
  void anUnreadProcessHoldsBackOnlyItself() throws Exception {
    try (var sandbox = Sandbox.create()) {
      var unread = new ArrayList<SandboxProcess>();
      for (var i = 0; i < 10; i++) {
        unread.add(sandbox.exec("yes").start());
        unread.add(Inside.shell(sandbox, "yes >&2").start());
      }
      var before = usedMemory();
      for (var i = 0; i < 20; i++) {
        Inside.assertAnswers(sandbox);
      }
      assertThat(usedMemory() - before).isLessThan(ByteSize.parse("64m").bytes());
      for (var process : unread) {
        assertThat(process.poll()).isEmpty();
        process.close();
      }
    }
  }

  @Test
  void aLineThatNeverEndsIsHandedOutInPieces() throws Exception {
    try (var sandbox = Sandbox.create();
        var process = sandbox.exec("cat", "/dev/zero").start();
        var lines = process.stdout().lines()) {
      assertThat(lines.limit(3))
          .extracting(String::length)
          .containsExactly(1 << 20, 1 << 20, 1 << 20);
      Inside.assertAnswers(sandbox);
    }
  }

  @Test
  void aSlowReaderGetsEveryByteAtItsOwnPace() throws Exception {
    try (var sandbox = Sandbox.create();
        var process = Inside.shell(sandbox, "head -c 3000000 /dev/zero").start()) {
      var out = process.stdout().stream();
      assertThat(out.read()).isZero();
      Inside.assertAnswers(sandbox);
      assertThat(out.readAllBytes()).hasSize(2_999_999);
      assertThat(process.waitFor().isSuccess()).isTrue();
    }
  }

  /** Counts what lives, after a collection. */
  private static long usedMemory() {
    System.gc();
    var runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}

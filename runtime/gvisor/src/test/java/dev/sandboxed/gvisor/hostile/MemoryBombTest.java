package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import java.time.Duration;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MemoryBombTest {
  // Every bomb takes a gibibyte at most, so that a limit that fails costs the host no more.

  @Test
  void aProcessThatTakesAllMemoryEndsItsSandboxOutOfMemory() {
    assertOutOfMemory(
        sandbox -> Inside.python(sandbox, "taken = [b'x' * (8 << 20) for i in range(128)]"));
  }

  @Test
  void manyProcessesThatTakeALittleEachEndTheirSandboxOutOfMemory() {
    assertOutOfMemory(
        sandbox ->
            Inside.python(
                sandbox,
                "import os, time",
                "for i in range(64):",
                "  if os.fork() == 0:",
                "    taken = b'x' * (16 << 20)",
                "    time.sleep(600)",
                "time.sleep(600)"));
  }

  @Test
  void aFileInMemoryEndsItsSandboxOutOfMemory() {
    assertOutOfMemory(
        sandbox -> Inside.shell(sandbox, "dd if=/dev/urandom of=/tmp/big bs=1M count=1024"));
  }

  private static void assertOutOfMemory(Function<Sandbox, Exec> bomb) {
    try (var other = Sandbox.create();
        var sandbox = Sandbox.builder().memory(ByteSize.parse("256m")).create()) {
      var program = bomb.apply(sandbox);
      assertThatExceptionOfType(SandboxException.class)
          .isThrownBy(program::await)
          .withMessageContaining("memory");
      assertThat(sandbox.waitFor(Duration.ofSeconds(20)))
          .contains(new ExitStatus(137, ExitReason.OUT_OF_MEMORY));
      Inside.assertAnswers(other);
    }
  }
}

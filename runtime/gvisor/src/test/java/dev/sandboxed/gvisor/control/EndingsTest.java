package dev.sandboxed.gvisor.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxTerminatedException;
import dev.sandboxed.SandboxTimeoutException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever looks, and whenever, sees why a sandbox is no more. */
@Timeout(180)
class EndingsTest {

  @Test
  void out_of_memory_termination_timeouts_and_exits_are_told_apart_by_their_status()
      throws Exception {
    try (var elsewhere = new Elsewhere();
        var hog =
            Sandbox.builder()
                .memory(ByteSize.parse("128m"))
                .command("sh", "-c", "head -c 1000000000 /dev/zero | tail")
                .create();
        var terminated = Sandbox.builder().command("sleep", "60").create();
        var slow = Sandbox.builder().timeout(Duration.ofSeconds(2)).create();
        var idle = Sandbox.builder().idleTimeout(Duration.ofSeconds(1)).create();
        var killed = Sandbox.builder().command("sh", "-c", "kill -9 $$").create();
        var failed = Sandbox.builder().command("sh", "-c", "exit 137").create()) {
      assertThat(elsewhere.ask("terminate", terminated.id())).contains("TERMINATED");

      var endings =
          Map.of(
              hog, new ExitStatus(137, ExitReason.OUT_OF_MEMORY),
              terminated, new ExitStatus(137, ExitReason.TERMINATED),
              slow, new ExitStatus(124, ExitReason.TIMEOUT),
              idle, new ExitStatus(124, ExitReason.IDLE_TIMEOUT),
              killed, new ExitStatus(137, ExitReason.SIGNALED),
              failed, new ExitStatus(137, ExitReason.EXITED));
      for (var ending : endings.entrySet()) {
        var sandbox = ending.getKey();
        assertThat(sandbox.onExit().join()).isEqualTo(ending.getValue());
        assertThat(Sandbox.fromId(sandbox.id()).poll()).contains(ending.getValue());
        assertThat(elsewhere.ask("status", sandbox.id())).isEqualTo(ending.getValue().toString());
      }

      assertThat(hog.waitFor().reason()).isEqualTo(ExitReason.OUT_OF_MEMORY);
      assertThatExceptionOfType(SandboxTerminatedException.class).isThrownBy(terminated::waitFor);
      assertThatExceptionOfType(SandboxTimeoutException.class)
          .isThrownBy(slow::waitFor)
          .withMessageContaining("PT2S");
      assertThatExceptionOfType(SandboxTimeoutException.class)
          .isThrownBy(idle::waitFor)
          .withMessageContaining("PT1S");
    }
  }
}

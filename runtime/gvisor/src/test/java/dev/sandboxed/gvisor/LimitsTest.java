package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.SandboxNotRunningException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 180, unit = TimeUnit.SECONDS)
class LimitsTest {

  @Test
  void ends_a_sandbox_that_needs_too_much_memory() {
    try (var sandbox = Sandbox.builder().memory(ByteSize.parse("128m")).create()) {
      var hog = sandbox.exec("sh", "-c", "head -c 1000000000 /dev/zero | tail").awaitAsync();

      assertThat(sandbox.waitFor()).isEqualTo(new ExitStatus(137, ExitReason.OUT_OF_MEMORY));
      assertThat(hog).failsWithin(Duration.ofSeconds(10));
      assertThatExceptionOfType(SandboxNotRunningException.class)
          .isThrownBy(() -> sandbox.exec("true").await())
          .withMessageContaining("128m")
          .withMessageContaining("memory(");
    }
  }

  @Test
  void refuses_writes_beyond_the_disk_limit() {
    try (var sandbox = Sandbox.builder().disk(ByteSize.parse("8m")).create()) {
      assertThatExceptionOfType(SandboxFileException.NoSpace.class)
          .isThrownBy(() -> sandbox.files().write("/root/big", new byte[20 << 20]))
          .withMessageContaining("disk(");
      assertThatExceptionOfType(SandboxFileException.NoSpace.class)
          .isThrownBy(() -> sandbox.files().write("/tmp/big", new byte[20 << 20]));
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  @Test
  void refuses_processes_beyond_the_limit_and_lives_on() {
    try (var sandbox = Sandbox.builder().processes(40).create()) {
      var many =
          sandbox
              .exec("sh", "-c", "i=0; while [ $i -lt 100 ]; do sleep 30 & i=$((i+1)); done")
              .await();

      assertThat(many.isSuccess()).isFalse();
      assertThat(many.stderr()).contains("fork");
      sandbox.exec("pkill", "sleep").awaitAsync().join();
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  @Test
  void counts_processes_exactly() {
    try (var sandbox = Sandbox.builder().processes(40).create()) {
      var fork = "i=0; while :; do sleep 60 & i=$((i+1)); echo $i; done";

      assertThat(sandbox.exec("sh", "-c", fork).await().stdout()).endsWith("\n39\n");
    }
  }

  @Test
  void holds_the_limit_against_a_bomb_that_goes_on_when_refused() {
    var bomb = "exec 2> /dev/null; bomb() { while :; do bomb & done; }; bomb & wait; exec sleep 60";
    try (var sandbox = Sandbox.builder().processes(40).memory(ByteSize.parse("1g")).create()) {
      var exec = sandbox.exec("sh", "-c", bomb).timeout(Duration.ofSeconds(5));

      assertThatExceptionOfType(ExecTimeoutException.class).isThrownBy(exec::await);
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }
}

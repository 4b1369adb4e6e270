package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxTerminatedException;
import dev.sandboxed.SandboxTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SandboxLifeTest {

  @Test
  void stays_up_for_execs_without_a_command_and_is_gone_after_close() {
    Sandbox sandbox = Sandbox.create();
    try (sandbox) {
      assertThat(sandbox.id()).matches("[a-z0-9-]{1,64}");
      assertThat(sandbox.entrypoint()).isEmpty();
      assertThat(sandbox.poll()).isEmpty();
      assertThat(sandbox.startup().total()).isPositive();
      assertThat(sandbox.exec("echo", "hi").await().stdout()).isEqualTo("hi\n");
      assertThat(Hosts.hasProcessNaming(sandbox.id())).isTrue();
    }
    assertThat(sandbox.poll()).contains(new ExitStatus(137, ExitReason.TERMINATED));
    assertThat(Hosts.hasProcessNaming(sandbox.id())).isFalse();
    assertThat(Hosts.stateDirectory(sandbox.id())).doesNotExist();
  }

  @Test
  void ends_with_its_entrypoint_and_its_code() {
    try (var sandbox = Sandbox.builder().command("sh", "-c", "echo out; exit 7").create()) {
      assertThat(sandbox.waitFor()).isEqualTo(new ExitStatus(7, ExitReason.EXITED));

      var entrypoint = sandbox.entrypoint().orElseThrow();
      assertThat(entrypoint.waitFor()).isEqualTo(new ExitStatus(7, ExitReason.EXITED));
      assertThat(entrypoint.stdout().text()).isEqualTo("out\n");
    }
  }

  @Test
  void tells_the_signal_that_ended_its_entrypoint() {
    try (var sandbox = Sandbox.builder().command("sh", "-c", "kill -9 $$").create()) {
      assertThat(sandbox.waitFor()).isEqualTo(new ExitStatus(137, ExitReason.SIGNALED));
    }
  }

  @Test
  void does_not_start_with_an_entrypoint_that_is_missing() {
    assertThatExceptionOfType(CommandNotFoundException.class)
        .isThrownBy(() -> Sandbox.builder().command("no-such-program").create())
        .withMessageContaining("no-such-program")
        .withMessageContaining("PATH");
  }

  @Test
  void ends_at_its_timeout_and_says_so() {
    try (var sandbox = Sandbox.builder().timeout(Duration.ofSeconds(2)).create()) {
      assertThatExceptionOfType(SandboxTimeoutException.class)
          .isThrownBy(sandbox::waitFor)
          .withMessageContaining("PT2S")
          .withMessageContaining("timeout(");
      assertThat(sandbox.poll()).contains(new ExitStatus(124, ExitReason.TIMEOUT));
      assertThatExceptionOfType(SandboxNotRunningException.class)
          .isThrownBy(() -> sandbox.exec("true").await())
          .withMessageContaining("timeout of PT2S");
    }
  }

  @Test
  void ends_when_it_was_idle_for_long_enough_and_not_while_an_exec_runs() {
    try (var sandbox = Sandbox.builder().idleTimeout(Duration.ofSeconds(2)).create()) {
      assertThat(sandbox.exec("sleep", "4").await().isSuccess()).isTrue();
      assertThat(sandbox.poll()).isEmpty();
      assertThatExceptionOfType(SandboxTimeoutException.class).isThrownBy(sandbox::waitFor);
      assertThat(sandbox.poll()).contains(new ExitStatus(124, ExitReason.IDLE_TIMEOUT));
    }
  }

  @Test
  void terminates_without_waiting_once_or_twice() {
    try (var sandbox = Sandbox.create()) {
      var first = sandbox.terminate();
      var second = sandbox.terminate();

      assertThat(first.join()).isEqualTo(new ExitStatus(137, ExitReason.TERMINATED));
      assertThat(second.join()).isEqualTo(first.join());
      assertThatExceptionOfType(SandboxTerminatedException.class).isThrownBy(sandbox::waitFor);
      assertThatExceptionOfType(SandboxNotRunningException.class)
          .isThrownBy(() -> sandbox.files().readText("/etc/passwd"))
          .withMessageContaining("terminated");
      assertThatCode(sandbox::close).doesNotThrowAnyException();
      assertThatCode(sandbox::close).doesNotThrowAnyException();
    }
  }

  @Test
  void fails_what_runs_when_it_ends() {
    try (var sandbox = Sandbox.create()) {
      var process = sandbox.exec("sleep", "60").start();
      var result = sandbox.exec("sleep", "60").awaitAsync();
      sandbox.terminate().join();

      assertThatExceptionOfType(SandboxNotRunningException.class).isThrownBy(process::waitFor);
      assertThat(result)
          .failsWithin(Duration.ofSeconds(5))
          .withThrowableThat()
          .withCauseInstanceOf(SandboxNotRunningException.class);
    }
  }

  @Test
  void waits_no_longer_than_asked() {
    try (var sandbox = Sandbox.create()) {
      assertThat(sandbox.waitFor(Duration.ofMillis(50))).isEmpty();
    }
  }

  @Test
  void completes_its_exit_future_whatever_the_reason() {
    try (var sandbox = Sandbox.create()) {
      var exit = sandbox.onExit();
      assertThat(exit).isNotDone();
      sandbox.close();
      assertThat(exit.join().reason()).isEqualTo(ExitReason.TERMINATED);
    }
  }

  @Test
  void ends_what_a_start_has_begun_when_it_is_cancelled_at_any_moment() {
    for (var moment = 0; moment < 20; moment++) {
      var future = Sandbox.builder().createAsync();
      var later = CompletableFuture.delayedExecutor(10L * moment, TimeUnit.MILLISECONDS);
      if (!CompletableFuture.supplyAsync(() -> future.cancel(true), later).join()) {
        future.join().close();
      }
    }
    await().until(() -> Hosts.keepers() == 0);
  }

  @Test
  void creates_without_waiting() {
    try (var sandbox = Sandbox.builder().createAsync().join()) {
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  @Test
  void keeps_the_last_mebibytes_of_an_entrypoint_nobody_reads() {
    try (var sandbox =
        Sandbox.builder()
            .command("sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x; echo end; cat")
            .create()) {
      var entrypoint = sandbox.entrypoint().orElseThrow();
      // The program got through all of its output though nobody read any: it waits for stdin now.
      await().until(() -> sandbox.exec("pgrep", "-x", "cat").await().isSuccess());
      kill(entrypoint);

      var output = entrypoint.stdout().text();
      assertThat(output).endsWith("end\n").hasSizeBetween(4 << 20, 9 << 20);
    }
  }

  @Test
  void makes_the_working_directory_and_starts_processes_there() {
    try (var sandbox = Sandbox.builder().workdir("/work/deep").create()) {
      assertThat(sandbox.exec("pwd").await().stdout()).isEqualTo("/work/deep\n");
      assertThat(sandbox.exec("pwd").workdir("/").await().stdout()).isEqualTo("/\n");
      sandbox.files().makeDirectory("below");
      assertThat(sandbox.exec("pwd").workdir("below").await().stdout())
          .isEqualTo("/work/deep/below\n");
    }
  }

  @Test
  void ends_the_sandboxes_of_a_backend_that_is_closed() {
    Sandbox sandbox;
    try (var backend = GvisorBackend.open()) {
      sandbox = Sandbox.builder().backend(backend).create();
      assertThat(sandbox.poll()).isEmpty();
    }
    assertThat(sandbox.poll()).isPresent();
    sandbox.close();
  }

  private static void kill(dev.sandboxed.SandboxProcess process) {
    try {
      process.stdin().close();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

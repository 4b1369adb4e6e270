package dev.sandboxed.gvisor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.sandboxed.ByteSize;
import dev.sandboxed.CommandNotExecutableException;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.ExecException;
import dev.sandboxed.ExecResult;
import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.OutputTooLargeException;
import dev.sandboxed.PtySize;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.Secret;
import dev.sandboxed.Signal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ProcessTest {
  private static Sandbox sandbox;

  @BeforeAll
  static void create() {
    sandbox = Sandbox.builder().env("SHARED", "yes").secret(Secret.of("TOKEN", "hush")).create();
  }

  @AfterAll
  static void close() {
    sandbox.close();
  }

  @Test
  void returns_streams_apart_code_and_duration() {
    var result = shell("echo out; echo err >&2; exit 3").await();

    assertThat(result.stdout()).isEqualTo("out\n");
    assertThat(result.stderr()).isEqualTo("err\n");
    assertThat(result.status()).isEqualTo(new ExitStatus(3, ExitReason.EXITED));
    assertThat(result.isSuccess()).isFalse();
    assertThat(result.duration()).isPositive();
    assertThat(result.toString()).contains("exit code 3", "out", "err");
  }

  @Test
  void passes_arguments_as_they_are() {
    var odd = "a b'\"$HOME\\ü\n*";

    assertThat(sandbox.exec("printf", "%s", odd).await().stdout()).isEqualTo(odd);
  }

  @Test
  void keeps_every_byte_of_stdin_and_stdout() {
    var bytes = new byte[3_000_000];
    new Random(7).nextBytes(bytes);

    assertThat(sandbox.exec("cat").stdin(bytes).await().stdoutBytes()).isEqualTo(bytes);
  }

  @Test
  void has_no_stdin_unless_given() {
    assertThat(sandbox.exec("cat").await().stdout()).isEmpty();
    assertThat(sandbox.exec("cat").stdin("").await().stdout()).isEmpty();
  }

  @Test
  void writes_stdin_while_the_process_runs() throws IOException {
    try (var process = sandbox.exec("cat").start()) {
      var lines = process.stdout().lines().iterator();
      process.stdin().write("one\n".getBytes(UTF_8));
      process.stdin().flush();
      assertThat(lines.next()).isEqualTo("one");
      process.stdin().write("two\n".getBytes(UTF_8));
      process.stdin().close();
      assertThat(lines.next()).isEqualTo("two");
      assertThat(lines.hasNext()).isFalse();
      assertThat(process.waitFor().isSuccess()).isTrue();
      assertThatIOException().isThrownBy(() -> process.stdin().write(1));
    }
  }

  @Test
  void refuses_stdin_after_the_process_has_ended() {
    try (var process = sandbox.exec("true").start()) {
      process.waitFor();
      assertThat(process.stdout().text()).isEmpty();
      assertThatIOException()
          .isThrownBy(
              () -> {
                process.stdin().write(new byte[100_000]);
                process.stdin().flush();
              });
    }
  }

  @Test
  void hands_out_lines_as_they_arrive() {
    try (var process = shell("echo first; read x; echo second").start()) {
      var lines = process.stdout().lines().iterator();
      assertThat(lines.next()).isEqualTo("first");
      assertThat(process.poll()).isEmpty();
      writeLine(process.stdin());
      assertThat(lines.next()).isEqualTo("second");
    }
  }

  @Test
  void hands_out_a_long_line_in_pieces() {
    try (var process = shell("head -c 2500000 /dev/zero | tr '\\0' x; echo").start()) {
      assertThat(process.stdout().lines().mapToInt(String::length).boxed().toList())
          .containsExactly(1 << 20, 1 << 20, 2_500_000 - (2 << 20));
    }
  }

  @Test
  void holds_back_a_process_whose_reader_is_slow_and_no_other() throws IOException {
    try (var slow = shell("head -c 9000000 /dev/zero; echo done >&2").start()) {
      assertThat(slow.stdout().stream().read()).isZero();
      assertThat(shell("head -c 9000000 /dev/zero").await().stdoutBytes()).hasSize(9_000_000);
      assertThat(slow.poll()).isEmpty();

      assertThat(slow.stdout().bytes()).hasSize(8_999_999);
      assertThat(slow.stderr().text()).isEqualTo("done\n");
      assertThat(slow.waitFor().isSuccess()).isTrue();
    }
  }

  @Test
  void goes_on_when_its_output_is_closed() throws IOException {
    try (var process = shell("head -c 9000000 /dev/zero; exit 4").start()) {
      process.stdout().stream().close();
      assertThat(process.waitFor().code()).isEqualTo(4);
    }
  }

  @Test
  void runs_hundreds_at_once() {
    var results = new ArrayList<CompletableFuture<ExecResult>>();
    for (var i = 0; i < 300; i++) {
      results.add(sandbox.exec("echo", "" + i).awaitAsync());
    }
    assertThat(IntStream.range(0, 300).mapToObj(i -> results.get(i).join().stdout().strip()))
        .containsExactlyElementsOf(IntStream.range(0, 300).mapToObj(i -> "" + i).toList());
  }

  @Test
  void kills_at_the_timeout_and_hands_over_what_was_printed() {
    assertThatExceptionOfType(ExecTimeoutException.class)
        .isThrownBy(
            () -> shell("echo partial; sleep 60 & sleep 60").timeout(Duration.ofSeconds(1)).await())
        .withMessageContaining("PT1S")
        .satisfies(
            e -> {
              assertThat(e.partial().stdout()).isEqualTo("partial\n");
              assertThat(e.partial().status()).isEqualTo(new ExitStatus(124, ExitReason.TIMEOUT));
            });
    assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
  }

  @Test
  void tells_a_timeout_as_the_reason_on_a_handle() {
    try (var process = sandbox.exec("sleep", "60").timeout(Duration.ofMillis(300)).start()) {
      assertThat(process.waitFor()).isEqualTo(new ExitStatus(124, ExitReason.TIMEOUT));
    }
  }

  @Test
  void kills_a_command_that_prints_too_much() {
    assertThatExceptionOfType(OutputTooLargeException.class)
        .isThrownBy(() -> sandbox.exec("yes").outputLimit(ByteSize.parse("1m")).await())
        .withMessageContaining("stdout")
        .withMessageContaining("1m")
        .withMessageContaining("outputLimit(");
  }

  @Test
  void names_a_missing_command_and_where_it_was_searched() {
    assertThatExceptionOfType(CommandNotFoundException.class)
        .isThrownBy(() -> sandbox.exec("no-such").env("PATH", "/bin:/opt/x").await())
        .withMessageContaining("no-such")
        .withMessageContaining("127")
        .withMessageContaining("/bin:/opt/x");
    assertThatExceptionOfType(CommandNotFoundException.class)
        .isThrownBy(() -> sandbox.exec("/no/such").start())
        .withMessageContaining("/no/such");
  }

  @Test
  void says_why_a_file_cannot_be_executed() {
    assertThatExceptionOfType(CommandNotExecutableException.class)
        .isThrownBy(() -> sandbox.exec("/etc/passwd").await())
        .withMessageContaining("/etc/passwd")
        .withMessageContaining("126");
  }

  @Test
  void names_a_missing_directory_or_user() {
    assertThatExceptionOfType(ExecException.class)
        .isThrownBy(() -> sandbox.exec("true").workdir("/nowhere").await())
        .withMessageContaining("/nowhere");
    assertThatExceptionOfType(ExecException.class)
        .isThrownBy(() -> sandbox.exec("true").user("nobody-at-all").await())
        .withMessageContaining("nobody-at-all");
  }

  @Test
  void refuses_commands_that_cannot_be() {
    assertThatExceptionOfType(InvalidSpecException.class).isThrownBy(() -> sandbox.exec());
    assertThatExceptionOfType(InvalidSpecException.class).isThrownBy(() -> sandbox.exec(""));
    assertThatExceptionOfType(InvalidSpecException.class).isThrownBy(() -> sandbox.exec("a\0b"));
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> sandbox.exec("true").timeout(Duration.ZERO));
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> sandbox.exec("true").env("A=B", "c"));
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> sandbox.exec("true", "x".repeat(1 << 20)).await())
        .withMessageContaining("stdin");
  }

  @Test
  void has_a_real_terminal() {
    var result =
        shell("test -t 0 && test -t 1 && test -t 2 && stty size; echo err >&2")
            .pty(new PtySize(33, 101))
            .await();

    assertThat(result.stdout()).isEqualTo("33 101\r\nerr\r\n");
    assertThat(result.stderr()).isEmpty();
  }

  @Test
  void resizes_a_terminal() {
    try (var process =
        shell("trap 'stty size; exit' WINCH; echo ready; while true; do sleep 0.1; done")
            .pty(PtySize.DEFAULT)
            .start()) {
      var lines = process.stdout().lines().iterator();
      assertThat(lines.next()).isEqualTo("ready");
      process.resize(new PtySize(40, 120));
      assertThat(lines.next()).isEqualTo("40 120");
    }
    try (var plain = sandbox.exec("cat").start()) {
      assertThatExceptionOfType(ExecException.class)
          .isThrownBy(() -> plain.resize(PtySize.DEFAULT))
          .withMessageContaining("pty(");
    }
  }

  @Test
  void sends_signals_to_a_process_or_its_group() {
    try (var process =
        shell("trap 'echo got; exit 5' USR1; echo ready; while true; do sleep 0.1; done").start()) {
      var lines = process.stdout().lines().iterator();
      assertThat(lines.next()).isEqualTo("ready");
      process.signal(Signal.USR1);
      assertThat(lines.next()).isEqualTo("got");
      assertThat(process.waitFor()).isEqualTo(new ExitStatus(5, ExitReason.EXITED));
      process.signal(Signal.USR1);
    }
    try (var process = shell("sleep 60 & sleep 60").start()) {
      process.kill();
      assertThat(process.waitFor()).isEqualTo(new ExitStatus(137, ExitReason.SIGNALED));
      assertThat(process.stdout().text()).isEmpty();
      process.kill();
    }
  }

  @Test
  void kills_what_is_closed_or_cancelled() {
    var process = shell("exec sleep 4711").start();
    assertThat(process.pid()).isPositive();
    process.close();
    assertThat(process.waitFor().reason()).isEqualTo(ExitReason.SIGNALED);

    var result = shell("exec sleep 4712").awaitAsync();
    result.cancel(true);
    org.awaitility.Awaitility.await()
        .until(() -> !sandbox.exec("pgrep", "-f", "sleep 471").await().isSuccess());
  }

  @Test
  void is_not_held_back_by_children_in_the_background_which_live_on() {
    var script =
        "(echo child; sleep 1; while sleep 0.1; do echo more; : > /tmp/lives; done) & echo started";
    var result = shell(script).timeout(Duration.ofSeconds(30)).await();

    assertThat(result.stdout().lines()).containsExactlyInAnyOrder("child", "started");
    assertThat(result.status()).isEqualTo(new ExitStatus(0, ExitReason.EXITED));
    org.awaitility.Awaitility.await().until(() -> sandbox.files().exists("/tmp/lives"));
    sandbox.files().remove("/tmp/lives");
    org.awaitility.Awaitility.await().until(() -> sandbox.files().exists("/tmp/lives"));
  }

  @Test
  void runs_as_the_user_asked_for() {
    assertThat(sandbox.exec("id", "-u").await().stdout()).isEqualTo("0\n");
    assertThat(sandbox.exec("id", "-un").user("nobody").await().stdout()).isEqualTo("nobody\n");
    assertThat(shell("id -u; id -g").user("1234:5678").await().stdout()).isEqualTo("1234\n5678\n");
  }

  @Test
  void sees_the_environment_of_sandbox_and_command() {
    var command = shell("echo $SHARED $TOKEN $MORE").env("MORE", "more");

    assertThat(command.await().stdout()).isEqualTo("yes hush more\n");
    assertThat(shell("echo $SHARED").env("SHARED", "no").await().stdout()).isEqualTo("no\n");
    assertThat(shell("echo $OTHER").secret(Secret.of("OTHER", "x")).await().stdout())
        .isEqualTo("x\n");
  }

  @Test
  void shows_no_secret_in_its_texts() {
    var command = sandbox.exec("echo").secret(Secret.of("OTHER", "unseen-value"));

    assertThat(command.toString() + sandbox + sandbox.spec())
        .doesNotContain("unseen-value", "hush");
  }

  @Test
  void stops_a_wait_that_is_interrupted_and_keeps_the_connection() {
    Thread.currentThread().interrupt();
    assertThatExceptionOfType(SandboxException.class)
        .isThrownBy(() -> sandbox.exec("sleep", "60").await())
        .withMessageContaining("Interrupted");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
  }

  @Test
  void completes_futures_away_from_the_thread_that_reads() {
    var nested =
        sandbox
            .exec("echo", "a")
            .awaitAsync()
            .thenApply(r -> r.stdout() + sandbox.exec("echo", "b").await().stdout());

    assertThat(nested.join()).isEqualTo("a\nb\n");
  }

  private static dev.sandboxed.Exec shell(String script) {
    return sandbox.exec("sh", "-c", script);
  }

  private static void writeLine(java.io.OutputStream to) {
    try {
      to.write('\n');
      to.flush();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

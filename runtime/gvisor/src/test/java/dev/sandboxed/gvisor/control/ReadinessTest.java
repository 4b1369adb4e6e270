package dev.sandboxed.gvisor.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.ExitReason;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.ReadinessTimeoutException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxDetachedException;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.Secret;
import dev.sandboxed.StartupTimings;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sandboxes say when what they run is ready. */
@Timeout(300)
class ReadinessTest {
  private static final String WAITS = "until [ -e /tmp/go ]; do sleep 0.02; done; ";
  private static final String STAYS = "; exec sleep 600";

  private static SandboxBuilder shell(String script) {
    return Sandbox.builder().command("sh", "-c", script);
  }

  private static void go(Sandbox sandbox) {
    sandbox.files().write("/tmp/go", "");
  }

  /** Lets a program go on that may end the sandbox at once. */
  private static void end(Sandbox sandbox) throws IOException {
    try (var stdin = sandbox.entrypoint().orElseThrow().stdin()) {
      stdin.write('\n');
    }
  }

  /** What the probe saw by now, while the sandbox is not ready. */
  private static ReadinessTimeoutException notReady(Sandbox sandbox) {
    return catchThrowableOfType(
        ReadinessTimeoutException.class, () -> sandbox.waitUntilReady(Duration.ZERO));
  }

  private static void awaitSeen(Sandbox sandbox, String mention) {
    await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () ->
                assertThat(notReady(sandbox).seen())
                    .anySatisfy(s -> assertThat(s).contains(mention)));
  }

  @Test
  void a_server_is_ready_once_its_port_is_open() {
    try (var sandbox =
        shell(WAITS + "exec python3 -m http.server 8080 --directory /tmp")
            .readyWhen(ReadinessProbe.tcp(8080))
            .create()) {
      awaitSeen(sandbox, "port 8080: connection refused");
      assertThat(sandbox.startup().ready()).isEmpty();
      go(sandbox);
      var took = sandbox.waitUntilReady();
      assertThat(took.ready()).hasValueSatisfying(t -> assertThat(t).isPositive());
      assertThat(sandbox.startup()).isEqualTo(took);
      assertThat(sandbox.waitUntilReady(Duration.ZERO)).isEqualTo(took);
      assertThat(
              sandbox
                  .exec(
                      "python3",
                      "-c",
                      "import socket; socket.create_connection(('127.0.0.1', 8080))")
                  .await()
                  .exitCode())
          .isZero();
    }
  }

  @Test
  void a_server_is_ready_once_it_answers_with_the_status() {
    try (var sandbox =
        Sandbox.builder()
            .command("python3", "-m", "http.server", "8080", "--directory", "/tmp")
            .readyWhen(ReadinessProbe.http(8080, "/go").status(200).interval(Duration.ofMillis(20)))
            .create()) {
      awaitSeen(sandbox, "GET /go on port 8080: HTTP 404");
      assertThat(notReady(sandbox))
          .hasMessageContaining("was not ready within PT0S, and goes on")
          .hasMessageContaining("GET /go on port 8080, status 200")
          .hasMessageContaining("HTTP 404")
          .hasMessageContaining("The end of its output:");
      assertThat(sandbox.poll()).isEmpty();
      go(sandbox);
      sandbox.waitUntilReady();
    }
  }

  @Test
  void a_program_is_ready_once_it_prints_the_line() {
    try (var sandbox =
        shell("echo starting >&2; " + WAITS + "printf 'ready to '; printf 'accept\\n' " + STAYS)
            .readyWhen(ReadinessProbe.log("^ready to (accept|serve)$"))
            .create()) {
      var ready = sandbox.onReady();
      assertThat(notReady(sandbox))
          .hasMessageContaining("log line \"^ready to (accept|serve)$\": not printed yet");
      assertThat(ready).isNotDone();
      go(sandbox);
      assertThat(ready.join().ready()).isPresent();
      assertThat(sandbox.logs().lines()).extracting(l -> l.text()).contains("ready to accept");
    }
  }

  @Test
  void a_line_is_not_missed_however_much_is_printed_around_it() {
    try (var sandbox =
        shell("yes x | head -c 30000000; echo up; yes y | head -c 30000000" + STAYS)
            .readyWhen(ReadinessProbe.log("^up$"))
            .create()) {
      sandbox.waitUntilReady();
    }
  }

  @Test
  void a_command_decides_with_the_environment_of_the_sandbox() {
    try (var sandbox =
        Sandbox.builder()
            .env("GREETING", "hello")
            .secret(Secret.of("PASSWORD", "open-sesame"))
            .workdir("/work")
            .readyWhen(
                ReadinessProbe.exec(
                    "sh", "-c", "echo \"$GREETING $PASSWORD $PWD\"; test -e /tmp/go"))
            .create()) {
      awaitSeen(sandbox, "exit code 1");
      var message = notReady(sandbox).getMessage();
      assertThat(message).contains("hello").contains("/work").doesNotContain("open-sesame");
      go(sandbox);
      sandbox.waitUntilReady();
    }
  }

  @Test
  void a_command_that_hangs_is_given_up_and_tried_again() {
    try (var sandbox =
        Sandbox.builder()
            .readyWhen(
                ReadinessProbe.exec("sh", "-c", "test -e /tmp/go || exec sleep 600")
                    .attemptTimeout(Duration.ofSeconds(1)))
            .create()) {
      awaitSeen(sandbox, "no exit within 1s");
      go(sandbox);
      sandbox.waitUntilReady();
      assertThat(sandbox.exec("sh", "-c", "cat /proc/[0-9]*/cmdline").await().stdout())
          .doesNotContain("600");
    }
  }

  @Test
  void probes_are_combined() {
    try (var sandbox =
        shell("echo begun" + STAYS)
            .readyWhen(
                ReadinessProbe.allOf(
                    ReadinessProbe.log("begun"),
                    ReadinessProbe.anyOf(
                        ReadinessProbe.tcp(1),
                        ReadinessProbe.exec("test", "-e", "/tmp/go"),
                        ReadinessProbe.http(2, "/"))))
            .create()) {
      awaitSeen(sandbox, "begun\": ready");
      assertThat(notReady(sandbox).seen()).hasSize(4);
      go(sandbox);
      sandbox.waitUntilReady();
    }
  }

  @Test
  void a_program_that_ends_before_is_an_error_with_the_end_of_its_output() throws IOException {
    try (var sandbox =
        shell("echo starting; read l; echo \"the port $SECRET is taken\" >&2; exit 3")
            .secret(Secret.of("SECRET", "open-sesame"))
            .readyWhen(ReadinessProbe.tcp(8080))
            .create()) {
      var ready = sandbox.onReady();
      end(sandbox);
      for (var wait :
          new Runnable[] {
            sandbox::waitUntilReady, () -> join(ready), () -> join(sandbox.onReady())
          }) {
        assertThatExceptionOfType(SandboxNotRunningException.class)
            .isThrownBy(wait::run)
            .withMessageContaining("code 3")
            .withMessageContaining("starting")
            .withMessageContaining("the port *** is taken")
            .matches(e -> !e.getMessage().contains("open-sesame"));
      }
      assertThatExceptionOfType(SandboxNotRunningException.class)
          .isThrownBy(() -> Sandbox.fromId(sandbox.id()).waitUntilReady())
          .withMessageContaining("the port");
    }
  }

  private static void join(java.util.concurrent.CompletableFuture<StartupTimings> future) {
    try {
      future.get();
    } catch (ExecutionException e) {
      throw (RuntimeException) e.getCause();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void a_sandbox_that_is_terminated_or_ended_is_ready_no_more() {
    try (var sandbox = shell("echo up" + STAYS).readyWhen(ReadinessProbe.log("up")).create()) {
      sandbox.waitUntilReady();
      sandbox.terminate().join();
      assertThatExceptionOfType(SandboxNotRunningException.class)
          .isThrownBy(sandbox::waitUntilReady)
          .withMessageContaining("terminated")
          .withMessageContaining("up");
    }
  }

  @Test
  void without_a_probe_nobody_knows() {
    try (var sandbox = Sandbox.create()) {
      assertThatExceptionOfType(InvalidSpecException.class)
          .isThrownBy(sandbox::waitUntilReady)
          .withMessageContaining("readyWhen(...)");
      assertThatExceptionOfType(InvalidSpecException.class).isThrownBy(sandbox::onReady);
      assertThat(sandbox.startup().ready()).isEmpty();
    }
  }

  @Test
  void a_limit_that_cannot_be_is_refused() {
    try (var sandbox = Sandbox.builder().readyWhen(ReadinessProbe.tcp(1)).create()) {
      assertThatExceptionOfType(InvalidSpecException.class)
          .isThrownBy(() -> sandbox.waitUntilReady(Duration.ofMillis(-1)))
          .withMessageContaining("PT-0.001S");
    }
  }

  @Test
  void a_pattern_that_is_none_is_refused_before_anything_starts() {
    var app = "test-" + UUID.randomUUID();
    for (var pattern : new String[] {"ready (", "(?=ready)", "(a{1,30}b){30}"}) {
      assertThatExceptionOfType(InvalidSpecException.class)
          .isThrownBy(
              () -> shell("true").app(app).readyWhen(ReadinessProbe.log(pattern)).create().close())
          .withMessageContaining(pattern);
    }
    assertThat(Sandbox.list(SandboxFilter.all().app(app))).isEmpty();
  }

  @Test
  void a_cancelled_wait_changes_nothing() {
    try (var sandbox =
        Sandbox.builder().readyWhen(ReadinessProbe.exec("test", "-e", "/tmp/go")).create()) {
      var ready = sandbox.onReady();
      assertThat(ready.cancel(true)).isTrue();
      go(sandbox);
      sandbox.waitUntilReady();
      assertThat(ready).isCancelled();
    }
  }

  @Test
  void probes_are_no_activity() {
    try (var sandbox =
        Sandbox.builder()
            .idleTimeout(Duration.ofSeconds(2))
            .readyWhen(
                ReadinessProbe.anyOf(
                    ReadinessProbe.tcp(1).interval(Duration.ofMillis(1)),
                    ReadinessProbe.exec("false").interval(Duration.ofMillis(1))))
            .create()) {
      assertThatExceptionOfType(SandboxNotRunningException.class)
          .isThrownBy(sandbox::waitUntilReady)
          .withMessageContaining("idle timeout");
      assertThat(sandbox.onExit().join().reason()).isEqualTo(ExitReason.IDLE_TIMEOUT);
    }
  }

  @Test
  void lines_and_patterns_that_would_keep_others_busy_do_not() {
    var flood =
        """
        import sys
        for i in range(200):
            sys.stdout.write("a" * 200000 + "\\n")
        sys.stdout.write("b" * 20000000)
        sys.stdout.write("\\n\\x00\\xff\\x1b[2J\\nup\\n")
        sys.stdout.flush()
        """;
    try (var sandbox =
        shell("python3 -c '" + flood + "'" + STAYS)
            .readyWhen(
                ReadinessProbe.allOf(
                    ReadinessProbe.log("^up$"),
                    ReadinessProbe.anyOf(
                        ReadinessProbe.log("^(([a-z])+.)+[A-Z]([a-z])+$"),
                        ReadinessProbe.log("up"))))
            .create()) {
      sandbox.waitUntilReady();
    }
  }

  @Test
  void any_process_of_the_user_waits_and_the_creator_need_not_live() throws Exception {
    var app = "test-" + UUID.randomUUID();
    try (var creator = new Elsewhere();
        var other = new Elsewhere()) {
      var id = creator.ask("create-probed", app, "", "120", WAITS + "echo up" + STAYS, "^up$");
      try (var sandbox = Sandbox.fromId(id)) {
        creator.kill();
        assertThat(sandbox.spec().readyWhen()).contains(ReadinessProbe.log("^up$"));
        assertThat(notReady(sandbox).seen()).singleElement().asString().contains("not printed yet");
        assertThat(Sandbox.list(SandboxFilter.all().app(app)))
            .extracting(SandboxInfo::readiness)
            .containsExactly(SandboxInfo.Readiness.WAITING);
        var ready = sandbox.onReady();
        go(sandbox);
        assertThat(other.ask("wait-ready", id)).isEqualTo("ready");
        var took = ready.join();
        assertThat(Sandbox.list(SandboxFilter.all().app(app)))
            .extracting(SandboxInfo::readiness)
            .containsExactly(SandboxInfo.Readiness.READY);
        try (var late = Sandbox.fromId(id)) {
          assertThat(late.waitUntilReady(Duration.ZERO).ready()).isEqualTo(took.ready());
        }
        sandbox.terminate().join();
      }
    }
  }

  @Test
  void handles_that_let_go_wait_no_more() throws Exception {
    try (var sandbox = Sandbox.builder().readyWhen(ReadinessProbe.tcp(1)).create()) {
      var found = Sandbox.fromId(sandbox.id());
      var ready = found.onReady();
      found.close();
      assertThatCode(ready::get).hasCauseInstanceOf(SandboxDetachedException.class);
      sandbox.detach();
      assertThatExceptionOfType(SandboxDetachedException.class).isThrownBy(sandbox::waitUntilReady);
      try (var again = Sandbox.fromId(sandbox.id())) {
        again.terminate().join();
      }
    }
  }

  @Test
  void a_waiter_is_interrupted() throws Exception {
    try (var sandbox = Sandbox.builder().readyWhen(ReadinessProbe.tcp(1)).create()) {
      Thread.currentThread().interrupt();
      assertThatCode(sandbox::waitUntilReady).hasMessageContaining("Interrupted while waiting");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(sandbox.poll()).isEmpty();
    }
  }
}

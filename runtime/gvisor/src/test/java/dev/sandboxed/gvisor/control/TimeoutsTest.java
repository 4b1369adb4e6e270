package dev.sandboxed.gvisor.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Timeouts are the keeper's, whatever happens to the processes that use the sandbox. */
@Timeout(180)
class TimeoutsTest {
  private static final Duration IDLE = Duration.ofSeconds(3);

  /** What a busy machine may add. */
  private static final Duration SLACK = Duration.ofSeconds(2);

  @Test
  void a_timeout_holds_to_the_second_though_every_jvm_that_uses_the_sandbox_is_stopped()
      throws Exception {
    try (var creator = new Elsewhere();
        var user = new Elsewhere()) {
      var id = creator.ask("create", "test-" + UUID.randomUUID(), "", "4", "yes");
      var begin = System.nanoTime();
      assertThat(user.ask("exec", id, "echo -n used")).isEqualTo("used");
      stop(creator);
      stop(user);

      await()
          .atMost(30, TimeUnit.SECONDS)
          .until(() -> Sandbox.list().stream().noneMatch(i -> i.id().equals(id)));
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .isLessThan(Duration.ofSeconds(4).plus(SLACK));
      assertThat(Sandbox.fromId(id).poll()).contains(new ExitStatus(124, ExitReason.TIMEOUT));
    }
  }

  @Test
  void an_entrypoint_alone_is_no_activity_and_neither_are_looks_from_outside() {
    try (var sandbox =
            idling().command("sh", "-c", "while :; do echo x; sleep 0.1; done").create();
        var found = Sandbox.fromId(sandbox.id())) {
      var begin = System.nanoTime();
      var ended = sandbox.onExit();
      while (!ended.isDone() && System.nanoTime() - begin < 60e9) {
        found.logs().tail(1).lines();
        assertThat(Sandbox.list()).isNotNull();
        found.tags();
        ended.copy().completeOnTimeout(null, 200, TimeUnit.MILLISECONDS).join();
      }
      assertThat(ended.join().reason()).isEqualTo(ExitReason.IDLE_TIMEOUT);
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(IDLE.plus(SLACK));
    } catch (dev.sandboxed.SandboxException e) {
      // The sandbox may end between the question whether it has and the next look.
      assertThat(e).isInstanceOf(dev.sandboxed.SandboxNotRunningException.class);
    }
  }

  @Test
  void an_exec_that_runs_is_activity() {
    try (var sandbox = idling().create()) {
      staysUpWhile(sandbox, CompletableFuture.runAsync(() -> sandbox.exec("sleep", "5").await()));
    }
  }

  @Test
  void writing_to_stdin_of_the_entrypoint_is_activity() throws Exception {
    try (var sandbox = idling().command("cat").create()) {
      var stdin = sandbox.entrypoint().orElseThrow().stdin();
      for (var i = 0; i < 5; i++) {
        stdin.write("more\n".getBytes(StandardCharsets.UTF_8));
        stdin.flush();
        assertThat(sandbox.waitFor(Duration.ofSeconds(1))).isEmpty();
      }
      endsIdle(sandbox);
    }
  }

  @Test
  void a_file_call_that_runs_is_activity() throws Exception {
    try (var sandbox = idling().create()) {
      try (var file = sandbox.files().outputStream("/file")) {
        assertThat(sandbox.waitFor(Duration.ofSeconds(5))).isEmpty();
        file.write(1);
      }
      endsIdle(sandbox);
    }
  }

  @Test
  void an_open_connection_through_a_tunnel_is_activity() throws Exception {
    try (var sandbox =
        idling()
            .command(
                "python3",
                "-c",
                "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=8080)")
            .port(8080)
            .create()) {
      try (var socket = new Socket()) {
        sandbox
            .exec(
                "sh",
                "-c",
                "until python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8080))';"
                    + " do :; done")
            .await();
        socket.connect(sandbox.tunnel(8080).address());
        assertThat(sandbox.waitFor(Duration.ofSeconds(5))).isEmpty();
      }
      endsIdle(sandbox);
    }
  }

  private static SandboxBuilder idling() {
    return Sandbox.builder().idleTimeout(IDLE);
  }

  private static void staysUpWhile(Sandbox sandbox, CompletableFuture<?> work) {
    work.join();
    assertThat(sandbox.poll()).isEmpty();
    endsIdle(sandbox);
  }

  private static void endsIdle(Sandbox sandbox) {
    var begin = System.nanoTime();
    assertThat(sandbox.onExit().join().reason()).isEqualTo(ExitReason.IDLE_TIMEOUT);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(IDLE.plus(SLACK));
  }

  private static void stop(Elsewhere jvm) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-STOP", Long.toString(jvm.pid())).start().waitFor();
    await().until(() -> state(jvm.pid()).equals("T"));
  }

  private static String state(long pid) throws IOException {
    var stat =
        java.nio.file.Files.readString(java.nio.file.Path.of("/proc", Long.toString(pid), "stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ")[0];
  }
}

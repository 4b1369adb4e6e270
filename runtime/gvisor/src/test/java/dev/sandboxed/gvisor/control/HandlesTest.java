package dev.sandboxed.gvisor.control;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.LogLine;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxDetachedException;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import dev.sandboxed.SandboxNotFoundException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxTerminatedException;
import dev.sandboxed.SandboxTimeoutException;
import dev.sandboxed.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handles of sandboxes that other processes created. */
@Timeout(120)
class HandlesTest {
  private static final String GREETER = "echo $GREETING; while read l; do echo got $l; done";

  private final String app = "test-" + UUID.randomUUID();
  private Elsewhere elsewhere;

  @BeforeEach
  void start() throws Exception {
    elsewhere = new Elsewhere();
  }

  @AfterEach
  void end() {
    elsewhere.close();
    for (var info : Sandbox.list(SandboxFilter.all().app(app))) {
      try (var left = Sandbox.fromId(info.id())) {
        left.terminate().join();
      }
    }
  }

  @Test
  void drives_a_sandbox_of_another_process_by_its_id() throws Exception {
    var id = elsewhere.ask("create", app, "", "60", GREETER);
    try (var sandbox = Sandbox.fromId(id)) {
      assertThat(sandbox.id()).isEqualTo(id);
      assertThat(sandbox.spec().env()).containsEntry("GREETING", "hello");
      assertThat(sandbox.spec().command()).containsExactly("sh", "-c", GREETER);
      assertThat(sandbox.spec().timeout()).hasSeconds(60);
      assertThat(sandbox.exec("sh", "-c", "echo $GREETING; pwd").await().stdout())
          .isEqualTo("hello\n/work\n");
      sandbox.files().write("relative", "text");
      assertThat(elsewhere.ask("exec", id, "cat /work/relative")).isEqualTo("text");

      var entrypoint = sandbox.entrypoint().orElseThrow();
      var lines = entrypoint.stdout().lines().iterator();
      assertThat(lines.next()).isEqualTo("hello");
      entrypoint.stdin().write("it\n".getBytes(StandardCharsets.UTF_8));
      entrypoint.stdin().flush();
      assertThat(lines.next()).isEqualTo("got it");
      assertThat(sandbox.exec("ps", "-o", "args=", "-p", "" + entrypoint.pid()).await().stdout())
          .contains("while read");
    }
    // Closing a found handle lets go of it.
    try (var again = Sandbox.fromId(id)) {
      assertThat(again.poll()).isEmpty();
      assertThat(again.terminate().join().reason()).isEqualTo(ExitReason.TERMINATED);
    }
  }

  @Test
  void hands_on_secrets_and_policy_to_handles_and_to_nobody_else() {
    try (var sandbox =
            Sandbox.builder()
                .app(app)
                .secret(Secret.of("TOKEN", "s3cr3t"))
                .network(
                    NetworkPolicy.allow("*.example.org:443").and(NetworkPolicy.deny("10.0.0.0/8")))
                .create();
        var found = Sandbox.fromId(sandbox.id())) {
      assertThat(found.exec("sh", "-c", "echo $TOKEN").await().stdout()).isEqualTo("s3cr3t\n");
      assertThat(found.spec()).isEqualTo(sandbox.spec());
      assertThat(found.network()).isEqualTo(sandbox.network());
      assertThat(found.spec() + " " + found + Sandbox.list()).doesNotContain("s3cr3t");
    }
  }

  @Test
  void a_policy_that_one_handle_changes_is_the_policy_of_all() {
    var first = NetworkPolicy.allow("*.example.org:443");
    try (var sandbox = Sandbox.builder().app(app).network(first).create();
        var found = Sandbox.fromId(sandbox.id())) {
      assertThat(found.network()).isEqualTo(first);
      var second =
          NetworkPolicy.allow("example.org")
              .and(NetworkPolicy.allowPrivate("intern.example.org"))
              .and(NetworkPolicy.deny("10.0.0.0/8"));
      found.changeNetwork(second);
      assertThat(sandbox.network()).isEqualTo(second);
      sandbox.changeNetwork(NetworkPolicy.none());
      assertThat(found.network()).isEqualTo(NetworkPolicy.none());
      try (var later = Sandbox.fromId(sandbox.id())) {
        assertThat(later.network()).isEqualTo(NetworkPolicy.none());
      }
      sandbox.close();
      assertThat(sandbox.network()).isEqualTo(NetworkPolicy.none());
    }
  }

  @Test
  void a_detached_sandbox_outlives_its_creator_and_is_found_by_its_name() throws Exception {
    var id = elsewhere.ask("create-detached", app, "db", "60", GREETER);
    elsewhere.exit();

    try (var sandbox = Sandbox.fromName(app, "db")) {
      assertThat(sandbox.id()).isEqualTo(id);
      assertThat(sandbox.spec().labels().name()).contains("db");
      var entrypoint = sandbox.entrypoint().orElseThrow();
      assertThat(entrypoint.stdout().lines().findFirst()).contains("hello");
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
      assertThat(Sandbox.list(SandboxFilter.all().app(app)))
          .singleElement()
          .satisfies(info -> assertThat(info.detached()).isTrue());
      sandbox.terminate().join();
    }
    assertThatExceptionOfType(SandboxNotFoundException.class)
        .isThrownBy(() -> Sandbox.fromName(app, "db"))
        .withMessageContaining("\"db\"")
        .withMessageContaining(app);
  }

  @Test
  void a_detached_sandbox_outlives_the_sudden_death_of_its_creator() throws Exception {
    var id = elsewhere.ask("create-detached", app, "", "60");
    elsewhere.kill();

    try (var sandbox = Sandbox.fromId(id)) {
      assertThat(sandbox.exec("echo", "alive").await().stdout()).isEqualTo("alive\n");
    }
  }

  @Test
  void a_detached_sandbox_ends_at_its_timeout() throws Exception {
    var id = elsewhere.ask("create-detached", app, "", "2");
    elsewhere.kill();

    await()
        .atMost(20, SECONDS)
        .untilAsserted(
            () ->
                assertThat(Sandbox.fromId(id).poll())
                    .contains(new ExitStatus(124, ExitReason.TIMEOUT)));
    assertThatExceptionOfType(SandboxTimeoutException.class)
        .isThrownBy(() -> Sandbox.fromId(id).waitFor())
        .withMessageContaining("PT2S");
  }

  @Test
  void the_handle_that_detached_answers_only_how_the_sandbox_ends() {
    var sandbox = Sandbox.builder().app(app).command("sh", "-c", "echo out; cat").create();
    sandbox.detach();
    assertThatCode(sandbox::detach).doesNotThrowAnyException();

    assertThat(sandbox.poll()).isEmpty();
    assertThat(sandbox.waitFor(Duration.ofMillis(10))).isEmpty();
    await().untilAsserted(() -> assertThat(sandbox.logs().text()).isEqualTo("out\n"));
    assertThatExceptionOfType(SandboxDetachedException.class)
        .isThrownBy(() -> sandbox.exec("true"))
        .withMessageContaining("Sandbox.fromId(\"" + sandbox.id() + "\")");
    assertThatExceptionOfType(SandboxDetachedException.class).isThrownBy(sandbox::files);
    assertThatExceptionOfType(SandboxDetachedException.class).isThrownBy(sandbox::terminate);

    try (var other = Sandbox.fromId(sandbox.id())) {
      other.terminate().join();
    }
    assertThatExceptionOfType(SandboxTerminatedException.class).isThrownBy(sandbox::waitFor);
    sandbox.close();
  }

  @Test
  void closing_after_detach_leaves_the_sandbox_alone() {
    String id;
    try (var sandbox = Sandbox.builder().app(app).create()) {
      id = sandbox.id();
      sandbox.detach();
    }
    try (var found = Sandbox.fromId(id)) {
      assertThat(found.poll()).isEmpty();
    }
  }

  @Test
  void ended_sandboxes_answer_status_and_logs_until_they_are_pruned() throws Exception {
    var id = elsewhere.ask("create", app, "", "60", "echo one; echo two >&2; exit 7");
    await().atMost(20, SECONDS).until(() -> Sandbox.fromId(id).poll().isPresent());
    elsewhere.exit();

    var ended = Sandbox.fromId(id);
    assertThat(ended.waitFor()).isEqualTo(new ExitStatus(7, ExitReason.EXITED));
    assertThat(ended.logs().lines())
        .extracting(l -> l.source() + " " + l.text())
        .containsExactlyInAnyOrder(LogLine.Source.STDOUT + " one", LogLine.Source.STDERR + " two");
    assertThatExceptionOfType(SandboxNotRunningException.class)
        .isThrownBy(() -> ended.exec("true"))
        .withMessageContaining(id);

    assertThat(pruned()).contains(id);
    assertThatExceptionOfType(SandboxNotFoundException.class)
        .isThrownBy(() -> Sandbox.fromId(id))
        .withMessageContaining(id);
  }

  @Test
  void a_sandbox_whose_keeper_is_killed_is_known_to_have_failed() throws Exception {
    var id = elsewhere.ask("create", app, "db", "60", "echo last words; sleep 60");
    try (var found = Sandbox.fromId(id)) {
      await().untilAsserted(() -> assertThat(found.logs().text()).isEqualTo("last words\n"));
    }
    var keeper =
        ProcessHandle.allProcesses()
            .filter(
                p ->
                    p.parent()
                        .map(ProcessHandle::pid)
                        .filter(x -> x == elsewhere.pid())
                        .isPresent())
            .findFirst()
            .orElseThrow();
    keeper.destroyForcibly();
    keeper.onExit().join();

    var ended = Sandbox.fromId(id);
    assertThat(ended.poll()).contains(new ExitStatus(125, ExitReason.FAILED));
    assertThat(ended.logs().text()).isEqualTo("last words\n");
    assertThat(Sandbox.list(SandboxFilter.all().app(app))).isEmpty();
    try (var next = Sandbox.builder().app(app).name("db").create()) {
      assertThat(next.poll()).isEmpty();
    }
  }

  @Test
  void a_pool_is_claimed_by_another_process_and_refilled() throws Exception {
    try (var other = new Elsewhere()) {
      for (var i = 0; i < 3; i++) {
        elsewhere.ask("create-detached", app, "", "60");
      }
      var pool = Sandbox.list(SandboxFilter.all().app(app)).stream().map(SandboxInfo::id).toList();
      assertThat(pool).hasSize(3);
      var claimed = pool.get(0);
      assertThat(other.ask("exec", claimed, "echo -n claimed")).isEqualTo("claimed");
      assertThat(other.ask("terminate", claimed)).contains("TERMINATED");
      elsewhere.ask("create-detached", app, "", "60");
      assertThat(Sandbox.list(SandboxFilter.all().app(app)))
          .hasSize(3)
          .extracting(SandboxInfo::id)
          .doesNotContain(claimed);
    }
  }

  @Test
  void says_what_it_looked_for_and_did_not_find() {
    for (var id : new String[] {"sb-nosuch", "../x", "", "SB"}) {
      assertThatExceptionOfType(SandboxNotFoundException.class)
          .isThrownBy(() -> Sandbox.fromId(id))
          .withMessageContaining("\"" + id + "\"")
          .withMessageContaining("Sandbox.list()");
    }
  }

  private static java.util.List<String> pruned() {
    try (var backend = dev.sandboxed.Backends.open()) {
      return backend.prune();
    }
  }
}

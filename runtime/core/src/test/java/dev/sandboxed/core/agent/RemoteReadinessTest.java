package dev.sandboxed.core.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.ReadinessTimeoutException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.Secret;
import dev.sandboxed.StartupTimings;
import dev.sandboxed.core.protocol.Frame;
import dev.sandboxed.core.protocol.FrameType;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the client makes of what a keeper says of readiness. */
@Timeout(120)
class RemoteReadinessTest {
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private FakeKeeper keeper;

  @BeforeEach
  void open() throws IOException {
    keeper = FakeKeeper.open().greet();
  }

  @AfterEach
  void close() throws IOException {
    keeper.close();
    executor.shutdownNow();
  }

  private void sayReady(Object micros) throws IOException {
    keeper.say(0, FrameType.EVENT, Map.of("ready", Map.of("startupMicros", micros)));
  }

  private CompletableFuture<StartupTimings> asked(Sandbox sandbox) {
    return CompletableFuture.supplyAsync(() -> sandbox.waitUntilReady(Duration.ZERO), executor);
  }

  private Frame question() throws IOException {
    var request = keeper.hear(FrameType.OPEN);
    assertThat(request.json().string("op")).contains("readiness");
    return request;
  }

  private void answer(int stream, Map<String, ?> ok) throws IOException {
    keeper.say(stream, FrameType.RESULT, Map.of("ok", ok));
  }

  /** Who is not ready in time asks for the end of the output, too. */
  private int output() throws IOException {
    var request = keeper.hear(FrameType.OPEN);
    assertThat(request.json().string("op")).contains("logs");
    return request.stream();
  }

  private ReadinessTimeoutException notReady(CompletableFuture<StartupTimings> asked)
      throws IOException {
    answer(output(), Map.of("next", 0));
    return failure(asked);
  }

  private static ReadinessTimeoutException failure(CompletableFuture<StartupTimings> asked) {
    return catchThrowableOfType(
        ReadinessTimeoutException.class,
        () -> {
          try {
            asked.get();
          } catch (ExecutionException e) {
            throw e.getCause();
          }
        });
  }

  private void error(int stream) throws IOException {
    keeper.say(
        stream, FrameType.RESULT, Map.of("error", Map.of("kind", "IO", "message", "broken")));
  }

  @Test
  void is_told_when_it_is_ready_and_asks_nothing() throws Exception {
    var sandbox = start(Sandbox.builder());
    var ready = sandbox.onReady();
    sayReady(1_500_001);
    assertThat(ready.get().ready()).contains(Duration.ofMillis(1500));
    assertThat(sandbox.waitUntilReady()).isEqualTo(ready.get());
    sayReady(7);
    assertThat(sandbox.startup()).isEqualTo(ready.get());
  }

  @Test
  void times_that_cannot_be_are_no_time() throws IOException {
    for (var micros : new Object[] {-5, 0, "soon", 1e300}) {
      try (var other = FakeKeeper.open().greet()) {
        var sandbox = start(Sandbox.builder(), other);
        other.say(0, FrameType.EVENT, Map.of("ready", Map.of("startupMicros", micros)));
        assertThat(sandbox.waitUntilReady().ready()).contains(Duration.ZERO);
      }
    }
  }

  @Test
  void what_was_seen_is_shown_without_secrets_and_escapes() throws IOException {
    var sandbox = start(Sandbox.builder().secret(Secret.of("TOKEN", "open-sesame")));
    var asked = asked(sandbox);
    answer(
        question().stream(),
        Map.of(
            "ready", false, "seen", List.of("exit code 1: open-sesame\u001b[2J\n", 7, List.of())));
    var failure = notReady(asked);
    assertThat(failure.seen()).containsExactly("exit code 1: ***\\u001b[2J ");
    assertThat(failure).hasMessageContaining("Its probe: port 5432\n  exit code 1: ***");
  }

  @Test
  void answers_that_say_nothing_leave_nothing_seen() throws IOException {
    var sandbox = start(Sandbox.builder());
    for (var answer :
        List.<Map<String, ?>>of(Map.of(), Map.of("seen", "all"), Map.of("ready", 1))) {
      var asked = asked(sandbox);
      answer(question().stream(), answer);
      assertThat(notReady(asked).seen()).isEmpty();
    }
    var asked = asked(sandbox);
    error(question().stream());
    error(output());
    assertThat(failure(asked))
        .hasMessageContaining("Its output cannot be read: ")
        .satisfies(failure -> assertThat(failure.seen()).isEmpty());
  }

  @Test
  void what_gets_ready_while_it_is_asked_is_ready() throws Exception {
    var sandbox = start(Sandbox.builder());
    var asked = asked(sandbox);
    answer(question().stream(), Map.of("ready", true));
    sayReady(2);
    assertThat(asked.get().ready()).isPresent();
  }

  @Test
  void a_keeper_that_goes_away_ends_the_wait() throws IOException {
    var sandbox = start(Sandbox.builder());
    var ready = sandbox.onReady();
    keeper.hangUp();
    assertThatThrownBy(ready::get).hasCauseInstanceOf(SandboxFailedException.class);
    assertThatThrownBy(sandbox::waitUntilReady).isInstanceOf(SandboxFailedException.class);
  }

  private Sandbox start(SandboxBuilder builder) throws IOException {
    return start(builder, keeper);
  }

  private Sandbox start(SandboxBuilder builder, FakeKeeper from) {
    var origin =
        new AgentSandbox.Origin(
            "sb-fake",
            builder.readyWhen(ReadinessProbe.tcp(5432)).build(),
            Map.of("PATH", "/bin"),
            Map.of(),
            "/",
            Optional.empty(),
            List.of(),
            false,
            JsonObject.of(Map.of()),
            new LogFiles(Path.of("/nonexistent"), "sb-fake"),
            policy -> JsonObject.of(Map.of()),
            new NoSnapshots(),
            executor,
            Duration.ZERO,
            System.nanoTime());
    return AgentSandbox.start(origin, from);
  }
}

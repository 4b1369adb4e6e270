package dev.sandboxed.core.agent;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.ReadinessTimeoutException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxDetachedException;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SecretMask;
import dev.sandboxed.StartupTimings;
import dev.sandboxed.core.protocol.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;

/**
 * Waits until a sandbox is ready, and says what is known where it is not; see {@link
 * Sandbox#waitUntilReady()}. Thread-safe.
 */
final class RemoteReadiness {
  private static final int LINES = 20;
  private static final Duration ANSWER = Duration.ofSeconds(15);

  private final String id;
  private final SandboxSpec spec;
  private final StartupTimings start;
  private final AgentContext context;
  private final SandboxLifecycle lifecycle;
  private final RemoteLog log;

  RemoteReadiness(
      String id,
      SandboxSpec spec,
      StartupTimings start,
      AgentContext context,
      SandboxLifecycle lifecycle,
      RemoteLog log) {
    this.id = id;
    this.spec = spec;
    this.start = start;
    this.context = context;
    this.lifecycle = lifecycle;
    this.log = log;
  }

  /** Returns how long the start took so far. */
  StartupTimings timings() {
    var ready = lifecycle.ready();
    return ready.isDone() && !ready.isCompletedExceptionally() ? with(ready.join()) : start;
  }

  StartupTimings await(Duration limit) {
    check();
    if (limit.isNegative()) {
      throw new InvalidSpecException(
          "%s is no time to wait until the sandbox %s is ready; use zero or more"
              .formatted(limit, id));
    }
    return within(limit).orElseGet(() -> ask(limit));
  }

  private Optional<StartupTimings> within(Duration limit) {
    try {
      return Waits.join(reached(), limit, "the sandbox " + id + " to be ready").map(this::with);
    } catch (SandboxNotRunningException | SandboxFailedException e) {
      throw explained(e);
    }
  }

  CompletableFuture<StartupTimings> future() {
    check();
    return Waits.expose(
        reached()
            .handleAsync(
                (ready, failure) -> {
                  if (failure == null) {
                    return with(ready);
                  }
                  var why = Waits.unwrap(failure);
                  throw new CompletionException(
                      why instanceof SandboxException known
                              && !(why instanceof SandboxDetachedException)
                          ? explained(known)
                          : why);
                },
                context.executor()),
        context.executor(),
        () -> {});
  }

  private void check() {
    check(id, spec);
  }

  /** Refuses to wait for what cannot come. */
  static void check(String id, SandboxSpec spec) {
    if (spec.readyWhen().isEmpty()) {
      throw new InvalidSpecException(
          "The sandbox %s has no readiness probe, so nobody knows when it is ready; create it with readyWhen(...)"
              .formatted(id));
    }
  }

  /** What ended is not ready any more, even if it was. */
  private CompletableFuture<Duration> reached() {
    return lifecycle.ended().isDone()
        ? lifecycle
            .ended()
            .thenCompose(ending -> CompletableFuture.failedFuture(ending.notRunning()))
        : lifecycle.ready().copy();
  }

  private StartupTimings with(Duration ready) {
    return new StartupTimings(
        start.prepared(), start.started(), start.answered(), Optional.of(ready));
  }

  /** Asks what the probe has seen when the time is over; it may have succeeded by then. */
  private StartupTimings ask(Duration limit) {
    var stream =
        context
            .connection()
            .prepare(
                Request.of(
                    Map.of("op", "readiness"),
                    ok -> ok,
                    error -> new SandboxException(error.message())));
    context.connection().begin(stream);
    Optional<JsonObject> answer;
    try {
      answer = Waits.join(stream.answer(), ANSWER, "what the probe has seen");
    } catch (SandboxException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      answer = Optional.empty();
    } finally {
      stream.cancel();
    }
    // If it is ready by now, or has ended, that is about to be told.
    var about = answer.filter(a -> a.flag("ready")).isPresent() ? ANSWER : Duration.ZERO;
    var ready = within(about);
    if (ready.isPresent()) {
      return ready.get();
    }
    var seen = seen(answer);
    throw new ReadinessTimeoutException(
        "The sandbox %s was not ready within %s, and goes on; give it longer with waitUntilReady(...), or see what keeps it.\nIts probe: %s%s\n%s"
            .formatted(
                id,
                limit,
                OutputTail.printable(spec.readyWhen().map(Object::toString).orElse("")),
                seen.stream().map(s -> "\n  " + s).collect(Collectors.joining()),
                output()),
        seen);
  }

  private List<String> seen(Optional<JsonObject> answer) {
    var mask = SecretMask.of(spec.secrets());
    return answer.flatMap(a -> a.array("seen")).orElse(List.of()).stream()
        .filter(String.class::isInstance)
        .map(s -> OutputTail.printable(mask.apply((String) s)).replace('\n', ' '))
        .toList();
  }

  private SandboxException explained(SandboxException ended) {
    try {
      lifecycle.awaitEnd(ended);
      return explained(ended, output());
    } catch (SandboxException e) {
      return ended;
    }
  }

  /** Returns the error with the end of the output of what has ended. */
  static SandboxException explained(SandboxException ended, String output) {
    var message =
        "%s\nIt was not ready, or is not any more. %s".formatted(ended.getMessage(), output);
    return ended instanceof SandboxFailedException
        ? new SandboxFailedException(message, ended)
        : new SandboxNotRunningException(message, ended);
  }

  private String output() {
    try {
      return output(log, SecretMask.of(spec.secrets()));
    } catch (SandboxException e) {
      return "Its output cannot be read: " + e.getMessage();
    }
  }

  /** Shows the last lines that an entrypoint printed. */
  static String output(LogSource log, SecretMask mask) {
    var lines =
        KeptLog.of(log).tail(LINES).lines().stream()
            .map(line -> line.text() + "\n")
            .collect(Collectors.joining());
    return OutputTail.section(
        "The end of its output", lines.getBytes(StandardCharsets.UTF_8), mask);
  }
}

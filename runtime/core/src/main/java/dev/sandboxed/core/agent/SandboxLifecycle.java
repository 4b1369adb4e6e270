package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.SandboxDetachedException;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Follows one sandbox from its start to its end, as its keeper tells it. Thread-safe. */
final class SandboxLifecycle implements AgentConnection.Listener {
  private static final Duration RELEASE = Duration.ofSeconds(5);

  private final String id;
  private final SandboxSpec spec;
  private final SandboxTransport transport;
  private final CompletableFuture<Running> running = new CompletableFuture<>();
  private final CompletableFuture<Duration> ready = new CompletableFuture<>();
  private final CompletableFuture<Ending> ended = new CompletableFuture<>();
  private volatile Duration answered = Duration.ZERO;
  private volatile @Nullable Ending ending;
  private volatile @Nullable Map<String, String> lastTags;
  private volatile @Nullable SandboxDetachedException letGo;
  private volatile boolean detached;

  SandboxLifecycle(String id, SandboxSpec spec, SandboxTransport transport) {
    this.id = id;
    this.spec = spec;
    this.transport = transport;
  }

  /**
   * What is known of a sandbox once its agent has answered.
   *
   * @param answered the time it took since the runtime was started
   * @param tunnels the ports inside that have a tunnel, with their ports on the host
   */
  record Running(Duration answered, Map<Integer, Integer> tunnels) {}

  /** Completes when the agent has answered; or with what kept the sandbox from starting. */
  CompletableFuture<Running> running() {
    return running;
  }

  /**
   * Completes when the sandbox is ready, with the time since its agent answered; or with an error
   * if it ends before.
   */
  CompletableFuture<Duration> ready() {
    return ready;
  }

  /** Completes normally once everything is released. */
  CompletableFuture<Ending> ended() {
    return ended;
  }

  /** Returns the tags that the sandbox ended with; empty if it has not ended, or was cut off. */
  Optional<Map<String, String>> lastTags() {
    return Optional.ofNullable(lastTags);
  }

  /** Notes that the sandbox lives on whatever becomes of this handle. */
  void detach() {
    detached = true;
  }

  boolean isDetached() {
    return detached;
  }

  /** Notes that the connection is about to be closed while the sandbox goes on. */
  void letGo() {
    letGo =
        new SandboxDetachedException(
            "This handle of the sandbox %s was closed, and the sandbox goes on; find it again with Sandbox.fromId(\"%s\")"
                .formatted(id, id));
  }

  /**
   * Waits a moment for the end that a call found.
   *
   * @throws RuntimeException what the call failed with, if there is no end
   */
  void awaitEnd(RuntimeException failure) {
    if (Waits.join(ended, RELEASE, "the end of the sandbox").isEmpty()) {
      throw failure;
    }
  }

  @Override
  public void event(JsonObject event) throws ProtocolException {
    var begun = event.object("running");
    if (begun.isPresent()) {
      answered = sinceStart(begun.get().object("startupMicros"), "agent");
      running.complete(new Running(answered, tunnels(begun.get())));
    }
    var told = event.object("ready");
    if (told.isPresent()) {
      ready.complete(readyAfter(told.get()));
    }
    var exited = event.object("exited");
    if (exited.isPresent()) {
      var exit = exited.get();
      lastTags = exit.object("tags").map(JsonObject::strings).orElse(null);
      ending =
          new Ending(
              id,
              spec,
              ExitReports.status(exit),
              exit.string("message").orElse(""),
              exit.string("output").orElse(""));
    }
  }

  @Override
  public void closed(@Nullable Exception why) {
    var known = ending;
    var gone = letGo;
    if (known == null && gone != null) {
      running.completeExceptionally(gone);
      ready.completeExceptionally(gone);
      ended.completeExceptionally(gone);
      return;
    }
    if (known == null) {
      known = lost(why);
      ending = known;
    }
    var last = known;
    running.completeExceptionally(last.startFailed());
    ready.completeExceptionally(last.notRunning());
    transport.released().whenComplete((output, failure) -> ended.complete(last));
  }

  @Override
  public SandboxException streamsEnd() {
    var known = ending;
    var gone = letGo;
    return known != null
        ? known.notRunning()
        : gone != null
            ? gone
            // Nobody told of an end, and nobody here closed the connection.
            : Ending.failed(id, spec, "the connection to it was lost", "").notRunning();
  }

  /** The keeper went away, or was sent away for what it said, without telling how it ended. */
  private Ending lost(@Nullable Exception why) {
    if (!detached) {
      transport.kill();
    }
    var message =
        why instanceof ProtocolException broken
            ? "it broke the protocol: " + broken.getMessage()
            : "the connection to it was lost" + (why == null ? "" : ": " + why.getMessage());
    return Ending.failed(id, spec, message, output());
  }

  private String output() {
    try {
      return transport.released().get(RELEASE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private Map<Integer, Integer> tunnels(JsonObject started) throws ProtocolException {
    var open = new HashMap<Integer, Integer>();
    var told = started.object("tunnels").orElse(JsonObject.of(Map.of()));
    for (var port : spec.network().ports()) {
      var outside = told.number(port.toString()).orElse(0);
      if (outside < 1 || outside > 65_535) {
        throw new ProtocolException(CONVERSATION, "no tunnel to the declared port " + port);
      }
      open.put(port, (int) outside);
    }
    return open;
  }

  private Duration readyAfter(JsonObject told) {
    var sinceStart = sinceStart(Optional.of(told), "startupMicros");
    return sinceStart.compareTo(answered) > 0 ? sinceStart.minus(answered) : Duration.ZERO;
  }

  private static Duration sinceStart(Optional<JsonObject> micros, String name) {
    var count = micros.map(m -> m.number(name).orElse(0)).orElse(0L);
    return Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(Math.max(0, count)));
  }
}

package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.PtySize;
import dev.sandboxed.Signal;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The stream of one exec: its start, its end, its signals. Thread-safe. */
final class ProcessStream {
  private static final JsonObject RELEASE = JsonObject.of(Map.of("release", true));

  private final CompletableFuture<Long> started = new CompletableFuture<>();
  private final CompletableFuture<ExitStatus> exited = new CompletableFuture<>();
  private final AgentConnection connection;
  private final AgentStream<End> stream;

  /**
   * The agent's last word on a process.
   *
   * @param status how it ended
   * @param duration how long it ran, by the clock inside
   */
  record End(ExitStatus status, Duration duration) {}

  private ProcessStream(
      AgentConnection connection, ExecCommand command, Sink stdout, Sink stderr, InputPump input) {
    this.connection = connection;
    var request =
        Request.of(command.message(), ProcessStream::end, e -> ExecErrors.of(e, command))
            .withOutput(stdout)
            .withErrorOutput(stderr)
            .withEvents(this::event)
            .withOnCredit(input);
    stream = connection.prepare(request);
    input.attach(stream);
    stream.answer().whenComplete(this::answered);
  }

  /** Prepares a command, which {@link #begin} starts. */
  static ProcessStream prepare(
      AgentConnection connection, ExecCommand command, Sink stdout, Sink stderr) {
    return new ProcessStream(connection, command, stdout, stderr, new InputPump(command.input()));
  }

  /** Starts the command; nothing waits. */
  void begin() {
    connection.begin(stream);
  }

  /** Completes with the pid once the program runs. */
  CompletableFuture<Long> started() {
    return started;
  }

  /** Completes when the process has ended, whoever still holds its output. */
  CompletableFuture<ExitStatus> exited() {
    return exited;
  }

  /** Completes when the process has ended and its output too. */
  CompletableFuture<End> ended() {
    return stream.answer();
  }

  AgentStream<End> stream() {
    return stream;
  }

  void signal(Signal signal, boolean group) {
    if (!exited.isDone() || group) {
      stream.control(JsonObject.of(Map.of("signal", signal.number(), "group", group)));
    }
  }

  void resize(PtySize size) {
    stream.control(
        JsonObject.of(Map.of("resize", Map.of("rows", size.rows(), "cols", size.columns()))));
  }

  /** Does without the children that hold the output of a process that has exited. */
  void release() {
    stream.control(RELEASE);
  }

  /** Kills the process group and gives up the streams. */
  void cancel() {
    stream.cancel();
  }

  private void event(JsonObject event) throws ProtocolException {
    var start = event.object("started");
    if (start.isPresent()) {
      started.complete(start.get().number("pid").orElse(0));
    }
    var exit = event.object("exited");
    if (exit.isPresent()) {
      started.complete(0L);
      var status = ExitReports.status(exit.get());
      stream.window().close(null);
      exited.complete(status);
    }
  }

  private void answered(@Nullable End end, @Nullable Throwable failure) {
    if (end != null) {
      started.complete(0L);
      exited.complete(end.status());
    } else if (failure != null) {
      started.completeExceptionally(failure);
      exited.completeExceptionally(failure);
    }
  }

  private static End end(JsonObject ok) throws ProtocolException {
    var micros = ok.number("durationMicros").orElse(0);
    if (micros < 0) {
      throw new ProtocolException(CONVERSATION, "a negative duration");
    }
    return new End(ExitReports.status(ok), Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(micros)));
  }
}

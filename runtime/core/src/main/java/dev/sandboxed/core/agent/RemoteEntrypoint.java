package dev.sandboxed.core.agent;

import dev.sandboxed.ExecException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.OutputTail;
import dev.sandboxed.ProcessOutput;
import dev.sandboxed.PtySize;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.Signal;
import dev.sandboxed.core.protocol.Frame;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The process whose end is the sandbox's. Its keeper runs it, so any handle can drive it; see
 * {@link SandboxProcess}.
 */
final class RemoteEntrypoint implements SandboxProcess {
  private static final int OUTPUT = Frame.OUTPUT;
  private static final int ERROR_OUTPUT = Frame.ERROR_OUTPUT;

  private final AgentContext context;
  private final SandboxLifecycle lifecycle;
  private final List<String> command;
  private final long pid;
  private final ProcessOutput stdout;
  private final ProcessOutput stderr;
  private @Nullable OutputStream stdin;

  RemoteEntrypoint(
      AgentContext context,
      SandboxLifecycle lifecycle,
      RemoteLog log,
      List<String> command,
      long pid) {
    this.context = context;
    this.lifecycle = lifecycle;
    this.command = command;
    this.pid = pid;
    stdout = new StreamOutput(log.channel(OUTPUT));
    stderr = new StreamOutput(log.channel(ERROR_OUTPUT));
  }

  /** Has the keeper start a program as the entrypoint; returns its number inside. */
  static long start(AgentContext context, List<String> command) {
    var exec = ExecCommand.of(context, command);
    var started = new CompletableFuture<Long>();
    var stream =
        context
            .connection()
            .prepare(
                Request.of(
                        Map.of("op", "entrypoint", "exec", JsonObject.of(exec.message())),
                        ok -> 0L,
                        error -> ExecErrors.of(error, exec))
                    .withEvents(
                        event ->
                            started.complete(
                                event
                                    .object("started")
                                    .map(s -> s.number("pid").orElse(0))
                                    .orElse(0L))));
    context.connection().begin(stream);
    stream
        .answer()
        .whenComplete(
            (none, failure) -> {
              if (failure != null) {
                started.completeExceptionally(failure);
              } else {
                started.complete(0L);
              }
            });
    return Waits.join(started, "the start of the entrypoint", stream::cancel);
  }

  @Override
  public long pid() {
    return pid;
  }

  @Override
  public List<String> command() {
    return command;
  }

  @Override
  public synchronized OutputStream stdin() {
    var open = stdin;
    if (open == null) {
      var stream =
          context
              .connection()
              .prepare(
                  Request.of(
                      Map.of("op", "input"),
                      ok -> ok,
                      error -> new SandboxException("The entrypoint's " + error.message())));
      open = new InputChannelStream(stream);
      stdin = open;
      context.connection().begin(stream);
    }
    return open;
  }

  @Override
  public ProcessOutput stdout() {
    return stdout;
  }

  @Override
  public ProcessOutput stderr() {
    return stderr;
  }

  @Override
  public Optional<ExitStatus> poll() {
    return waitFor(Duration.ZERO);
  }

  @Override
  public ExitStatus waitFor() {
    return status(Waits.join(lifecycle.ended(), "the end of the process", () -> {}));
  }

  @Override
  public Optional<ExitStatus> waitFor(Duration limit) {
    return Waits.join(lifecycle.ended(), limit, "the end of the process")
        .map(RemoteEntrypoint::status);
  }

  @Override
  public CompletableFuture<ExitStatus> onExit() {
    return Waits.expose(
        lifecycle.ended().thenApply(RemoteEntrypoint::status), context.executor(), () -> {});
  }

  /** The sandbox ends with the entrypoint; if anything else ended it, the entrypoint was killed. */
  private static ExitStatus status(Ending ending) {
    var reason = ending.status().reason();
    if (reason == ExitReason.EXITED || reason == ExitReason.SIGNALED) {
      return ending.status();
    }
    throw ending.notRunning();
  }

  @Override
  public void signal(Signal signal) {
    send(signal, false);
  }

  @Override
  public void signalGroup(Signal signal) {
    send(signal, true);
  }

  private void send(Signal signal, boolean group) {
    if (!lifecycle.ended().isDone()) {
      var stream =
          context
              .connection()
              .prepare(
                  Request.of(
                      Map.of("op", "signal", "signal", signal.number(), "group", group),
                      ok -> ok,
                      error -> new SandboxException(error.message())));
      context.connection().begin(stream);
    }
  }

  @Override
  public void resize(PtySize size) {
    throw new ExecException(
        "The entrypoint has no terminal to resize: %s; start a process with pty(...)"
            .formatted(OutputTail.commandLine(context.mask().apply(command))));
  }

  @Override
  public void close() {
    signalGroup(Signal.KILL);
    for (var output : List.of(stdout, stderr)) {
      try {
        output.stream().close();
      } catch (IOException e) {
        // Nobody reads it any more.
      }
    }
  }

  @Override
  public String toString() {
    return "%s (pid %d): %s"
        .formatted(
            OutputTail.commandLine(context.mask().apply(command)),
            pid,
            lifecycle.ended().isDone() ? "ended" : "running");
  }
}

package dev.sandboxed.core.agent;

import dev.sandboxed.ExecResult;
import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.OutputTooLargeException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One command on its way to its result; no thread waits for it. */
final class ExecRun {
  /** How long background children may be silent before the result does without them. */
  private static final Duration SILENCE = Duration.ofMillis(250);

  private final ExecCommand command;
  private final CompletableFuture<ExecResult> result = new CompletableFuture<>();
  private final CollectingSink stdout;
  private final CollectingSink stderr;
  private final ProcessStream process;

  private ExecRun(AgentContext context, ExecCommand command) {
    this.command = command;
    var limit = command.outputLimit().bytes();
    stdout = new CollectingSink(OutputPipe.PROCESS_WINDOW, limit, () -> tooLarge("stdout"));
    stderr = new CollectingSink(OutputPipe.PROCESS_WINDOW, limit, () -> tooLarge("stderr"));
    process = ProcessStream.prepare(context.connection(), command, stdout, stderr);
  }

  static ExecRun start(AgentContext context, ExecCommand command) {
    var run = new ExecRun(context, command);
    context.log().note(run.result, () -> "exec " + command.shown(), r -> r.status().toString());
    run.process.ended().whenComplete(run::ended);
    run.process
        .exited()
        .whenComplete(
            (status, failure) -> {
              if (failure == null && !(run.stdout.ended() && run.stderr.ended())) {
                run.awaitSilence(System.nanoTime());
              }
            });
    run.process.begin();
    return run;
  }

  /** Completes on the connection's thread, or the timer's. */
  CompletableFuture<ExecResult> result() {
    return result;
  }

  /** Kills the command. */
  void cancel() {
    process.cancel();
  }

  private void ended(ProcessStream.@Nullable End end, @Nullable Throwable failure) {
    if (end != null) {
      finish(end.status(), end.duration());
    } else if (failure != null) {
      result.completeExceptionally(failure);
    }
  }

  /** Waits until nothing has come for a while since the exit; what was written comes first. */
  private void awaitSilence(long exit) {
    if (result.isDone()) {
      return;
    }
    var silent =
        Math.min(System.nanoTime() - exit, Math.min(stdout.silentNanos(), stderr.silentNanos()));
    if (silent >= SILENCE.toNanos()) {
      process.release();
    } else {
      later(SILENCE.toNanos() - silent).execute(() -> awaitSilence(exit));
    }
  }

  private static Executor later(long nanos) {
    return CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, Runnable::run);
  }

  private void finish(ExitStatus status, Duration duration) {
    var outcome =
        new ExecResult(
            command.command(), status, stdout.bytes(), stderr.bytes(), duration, command.mask());
    if (status.reason() == ExitReason.TIMEOUT && command.timeout().isPresent()) {
      result.completeExceptionally(new ExecTimeoutException(command.timeout().get(), outcome));
    } else {
      result.complete(outcome);
    }
  }

  private void tooLarge(String stream) {
    result.completeExceptionally(
        new OutputTooLargeException(
            "The command was killed because its %s is larger than %s: %s. Allow more with outputLimit(...), or use start() and read the stream"
                .formatted(stream, command.outputLimit(), command.shown())));
    process.cancel();
  }
}

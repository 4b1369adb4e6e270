package dev.sandboxed.core.agent;

import dev.sandboxed.ExecException;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.ProcessOutput;
import dev.sandboxed.PtySize;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.Signal;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A process that the agent runs; see {@link SandboxProcess}. */
final class RemoteProcess implements SandboxProcess {
  private final AgentContext context;
  private final ExecCommand command;
  private final OutputPipe stdout;
  private final OutputPipe stderr;
  private final ProcessStream process;
  private final OutputStream stdin;

  private RemoteProcess(
      AgentContext context, ExecCommand command, OutputPipe stdout, OutputPipe stderr) {
    this.context = context;
    this.command = command;
    this.stdout = stdout;
    this.stderr = stderr;
    process = ProcessStream.prepare(context.connection(), command, stdout, stderr);
    stdin =
        command.input().isPresent()
            ? new GivenInputStream()
            : new InputChannelStream(process.stream());
    context.log().note(process.exited(), () -> "exec " + command.shown(), ExitStatus::toString);
  }

  /** Starts a process whose output waits for its reader. */
  static RemoteProcess start(AgentContext context, ExecCommand command) {
    return begun(
        new RemoteProcess(
            context,
            command,
            OutputPipe.ofWindow(OutputPipe.PROCESS_WINDOW),
            OutputPipe.ofWindow(OutputPipe.PROCESS_WINDOW)));
  }

  private static RemoteProcess begun(RemoteProcess process) {
    process.process.begin();
    return process;
  }

  /** Completes with this once the program runs. */
  CompletableFuture<SandboxProcess> whenStarted() {
    return process.started().thenApply(pid -> this);
  }

  @Override
  public long pid() {
    return Waits.join(process.started(), "the start of the process", () -> {});
  }

  @Override
  public List<String> command() {
    return command.command();
  }

  @Override
  public OutputStream stdin() {
    return stdin;
  }

  @Override
  public ProcessOutput stdout() {
    return new RemoteOutput(stdout);
  }

  @Override
  public ProcessOutput stderr() {
    return new RemoteOutput(stderr);
  }

  @Override
  public Optional<ExitStatus> poll() {
    return waitFor(Duration.ZERO);
  }

  @Override
  public ExitStatus waitFor() {
    return Waits.join(process.exited(), "the end of the process", () -> {});
  }

  @Override
  public Optional<ExitStatus> waitFor(Duration limit) {
    return Waits.join(process.exited(), limit, "the end of the process");
  }

  @Override
  public CompletableFuture<ExitStatus> onExit() {
    return Waits.expose(process.exited(), context.executor(), () -> {});
  }

  @Override
  public void signal(Signal signal) {
    process.signal(signal, false);
  }

  @Override
  public void signalGroup(Signal signal) {
    process.signal(signal, true);
  }

  @Override
  public void resize(PtySize size) {
    if (!command.hasPty()) {
      throw new ExecException(
          "The process has no terminal to resize: %s; start it with pty(...)"
              .formatted(command.shown()));
    }
    process.resize(size);
  }

  @Override
  public void close() {
    process.cancel();
    stdout.discard();
    stderr.discard();
  }

  @Override
  public String toString() {
    return "%s (pid %s): %s"
        .formatted(
            command.shown(),
            process.started().isDone() && !process.started().isCompletedExceptionally()
                ? process.started().join()
                : "none yet",
            process.exited().isDone() ? "ended" : "running");
  }
}

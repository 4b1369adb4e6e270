package dev.sandboxed.junit;

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

/** A process that records the ends of its output as it is read. */
final class RecordingProcess implements SandboxProcess {
  private final SandboxProcess process;
  private final RecordedExec record;

  RecordingProcess(SandboxProcess process, RecordedExec record) {
    this.process = process;
    this.record = record;
    record.started(process);
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public List<String> command() {
    return process.command();
  }

  @Override
  public OutputStream stdin() {
    return process.stdin();
  }

  @Override
  public ProcessOutput stdout() {
    return new RecordingOutput(process.stdout(), record.stdout());
  }

  @Override
  public ProcessOutput stderr() {
    return new RecordingOutput(process.stderr(), record.stderr());
  }

  @Override
  public Optional<ExitStatus> poll() {
    return process.poll();
  }

  @Override
  public ExitStatus waitFor() {
    return process.waitFor();
  }

  @Override
  public Optional<ExitStatus> waitFor(Duration limit) {
    return process.waitFor(limit);
  }

  @Override
  public CompletableFuture<ExitStatus> onExit() {
    return process.onExit();
  }

  @Override
  public void signal(Signal signal) {
    process.signal(signal);
  }

  @Override
  public void signalGroup(Signal signal) {
    process.signalGroup(signal);
  }

  @Override
  public void resize(PtySize size) {
    process.resize(size);
  }

  @Override
  public void close() {
    process.close();
  }

  @Override
  public String toString() {
    return process.toString();
  }
}

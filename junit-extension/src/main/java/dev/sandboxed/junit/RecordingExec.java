package dev.sandboxed.junit;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Exec;
import dev.sandboxed.ExecResult;
import dev.sandboxed.PtySize;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A command that is recorded when it runs. */
final class RecordingExec implements Exec {
  private final Exec exec;
  private final ExecLog log;
  private final SecretMask mask;

  RecordingExec(Exec exec, ExecLog log, SecretMask mask) {
    this.exec = exec;
    this.log = log;
    this.mask = mask;
  }

  @Override
  public Exec workdir(String workdir) {
    return new RecordingExec(exec.workdir(workdir), log, mask);
  }

  @Override
  public Exec env(String name, String value) {
    return new RecordingExec(exec.env(name, value), log, mask);
  }

  @Override
  public Exec env(Map<String, String> variables) {
    return new RecordingExec(exec.env(variables), log, mask);
  }

  @Override
  public Exec secret(Secret secret) {
    log.hide(List.of(secret));
    return new RecordingExec(exec.secret(secret), log, mask.and(List.of(secret)));
  }

  @Override
  public Exec user(String user) {
    return new RecordingExec(exec.user(user), log, mask);
  }

  @Override
  public Exec stdin(byte[] bytes) {
    return new RecordingExec(exec.stdin(bytes), log, mask);
  }

  @Override
  public Exec timeout(Duration timeout) {
    return new RecordingExec(exec.timeout(timeout), log, mask);
  }

  @Override
  public Exec pty(PtySize size) {
    return new RecordingExec(exec.pty(size), log, mask);
  }

  @Override
  public Exec outputLimit(ByteSize limit) {
    return new RecordingExec(exec.outputLimit(limit), log, mask);
  }

  @Override
  public List<String> command() {
    return exec.command();
  }

  @Override
  public SandboxProcess start() {
    var record = log.add(command(), mask);
    try {
      return new RecordingProcess(exec.start(), record);
    } catch (SandboxException e) {
      record.failed(e);
      throw e;
    }
  }

  @Override
  public CompletableFuture<SandboxProcess> startAsync() {
    var record = log.add(command(), mask);
    return recorded(
        exec.startAsync(), process -> new RecordingProcess(process, record), record::failed);
  }

  @Override
  public ExecResult await() {
    var record = log.add(command(), mask);
    try {
      var result = exec.await();
      record.ended(result);
      return result;
    } catch (SandboxException e) {
      record.failed(e);
      throw e;
    }
  }

  @Override
  public CompletableFuture<ExecResult> awaitAsync() {
    var record = log.add(command(), mask);
    return recorded(
        exec.awaitAsync(),
        result -> {
          record.ended(result);
          return result;
        },
        record::failed);
  }

  /** Completes once the outcome is recorded; cancelling it cancels the command. */
  private static <T> CompletableFuture<T> recorded(
      CompletableFuture<T> source, UnaryOperator<T> onSuccess, Consumer<Throwable> onFailure) {
    var recorded = new CompletableFuture<T>();
    source.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            recorded.complete(onSuccess.apply(value));
          } else {
            onFailure.accept(failure);
            recorded.completeExceptionally(failure);
          }
        });
    recorded.whenComplete(
        (value, failure) -> {
          if (recorded.isCancelled()) {
            source.cancel(true);
          }
        });
    return recorded;
  }
}

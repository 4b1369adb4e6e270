package dev.sandboxed.junit;

import dev.sandboxed.ExecResult;
import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SecretMask;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The record of one command: how it ended and the ends of its output, without secrets. Thread-safe.
 */
final class RecordedExec {
  private final List<String> command;
  private final SecretMask mask;
  private final TailBuffer stdout = new TailBuffer();
  private final TailBuffer stderr = new TailBuffer();
  private volatile @Nullable SandboxProcess process;
  private final Instant began = Instant.now();
  private volatile @Nullable String outcome;
  private volatile @Nullable Duration took;

  RecordedExec(List<String> command, SecretMask mask) {
    this.mask = mask;
    this.command = command;
  }

  TailBuffer stdout() {
    return stdout;
  }

  TailBuffer stderr() {
    return stderr;
  }

  void started(SandboxProcess started) {
    process = started;
  }

  void ended(ExecResult result) {
    took = result.duration();
    outcome = result.toString();
  }

  void failed(Throwable failure) {
    var cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    outcome =
        cause instanceof ExecTimeoutException timeout
            ? timeout.partial().toString()
            : "%s: %s"
                .formatted(
                    OutputTail.commandLine(mask.apply(command)), mask.apply(String.valueOf(cause)));
  }

  /** Describes it with the time at which it began, in UTC, and how long it took where known. */
  String describeTimed() {
    var duration = took;
    return "%s%s\n%s"
        .formatted(
            began.truncatedTo(ChronoUnit.MILLIS),
            duration == null ? "" : ", %,d ms".formatted(duration.toMillis()),
            describe());
  }

  String describe() {
    var known = outcome;
    if (known != null) {
      return known;
    }
    var running = process;
    var status = running == null ? null : running.poll().orElse(null);
    return status == null
        ? "%s: still running\n%s\n%s"
            .formatted(
                OutputTail.commandLine(mask.apply(command)),
                OutputTail.section("stdout", stdout.bytes(), mask),
                OutputTail.section("stderr", stderr.bytes(), mask))
        : new ExecResult(command, status, stdout.bytes(), stderr.bytes(), Duration.ZERO, mask)
            .toString();
  }
}

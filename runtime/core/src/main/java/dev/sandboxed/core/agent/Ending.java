package dev.sandboxed.core.agent;

import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SandboxTerminatedException;
import dev.sandboxed.SandboxTimeoutException;

/**
 * How a sandbox ended, and what to tell those who wait for it or call it afterwards.
 *
 * @param id the sandbox
 * @param spec what it was created from
 * @param status how it ended
 * @param message what the runtime says about it; may be empty
 * @param output the end of the runtime's and the agent's output; may be empty
 */
record Ending(String id, SandboxSpec spec, ExitStatus status, String message, String output) {
  private static final int MAX_TEXT = 8192;

  Ending {
    message = end(OutputTail.printable(message));
    output = end(OutputTail.printable(output));
  }

  static Ending failed(String id, SandboxSpec spec, String message, String output) {
    return new Ending(id, spec, new ExitStatus(125, ExitReason.FAILED), message, output);
  }

  /** What a call on the ended sandbox throws. */
  SandboxException notRunning() {
    return status.reason() == ExitReason.FAILED
        ? new SandboxFailedException(describe("failed"))
        : new SandboxNotRunningException(describe("is not running: it ended"));
  }

  /** Returns the status for those who wait for the end, or throws what it means to them. */
  ExitStatus orThrow() {
    switch (status.reason()) {
      case TIMEOUT, IDLE_TIMEOUT -> throw new SandboxTimeoutException(describe("ended"));
      case TERMINATED -> throw new SandboxTerminatedException(describe("ended"));
      case FAILED -> throw new SandboxFailedException(describe("failed"));
      default -> {
        return status;
      }
    }
  }

  SandboxFailedException startFailed() {
    return new SandboxFailedException(describe("did not start"));
  }

  private String describe(String verb) {
    return "The sandbox %s %s, %s%s%s"
        .formatted(id, verb, reason(), section("", message), section("\nIts output:\n", output));
  }

  private String reason() {
    return switch (status.reason()) {
      case TIMEOUT ->
          "because its timeout of %s was over; give it longer with timeout(...)"
              .formatted(spec.timeout());
      case IDLE_TIMEOUT ->
          "because nothing ran in it for its idle timeout of %s; give it longer with idleTimeout(...)"
              .formatted(spec.idleTimeout().orElse(spec.timeout()));
      case TERMINATED -> "because it was terminated";
      case OUT_OF_MEMORY ->
          "because it needed more memory than %s; give it more with memory(...)"
              .formatted(
                  spec.limits().memory().map(m -> "its limit of " + m).orElse("the machine has"));
      case FAILED -> "with " + status;
      case EXITED, SIGNALED -> "by itself, with " + status;
    };
  }

  private static String section(String title, String text) {
    return text.isBlank() ? "" : title.isEmpty() ? ": " + text : title + text.stripTrailing();
  }

  private static String end(String text) {
    return text.length() > MAX_TEXT ? "…" + text.substring(text.length() - MAX_TEXT) : text;
  }
}

package dev.sandboxed.gvisor.model;

import dev.sandboxed.SandboxBuilder;
import java.time.Duration;
import java.util.Optional;

/** What a sandbox is created to do. */
enum Kind {
  /** Stays up for execs. */
  EMPTY("", null),
  /** Prints a line and stays up. */
  GREETER("hello", null) {
    @Override
    SandboxBuilder applyTo(SandboxBuilder builder) {
      return builder.command("sh", "-c", "echo hello; exec sleep 3600");
    }
  },
  /** Ends by itself. */
  SHORT("bye", "EXITED 7") {
    @Override
    SandboxBuilder applyTo(SandboxBuilder builder) {
      return builder.command("sh", "-c", "echo bye; exit 7");
    }
  },
  /** Is ended by its timeout. */
  MORTAL("", "TIMEOUT 124") {
    @Override
    SandboxBuilder applyTo(SandboxBuilder builder) {
      return builder.timeout(Duration.ofSeconds(2));
    }
  },
  /** Is ended by its idle timeout. */
  IDLE("", "IDLE_TIMEOUT 124") {
    @Override
    SandboxBuilder applyTo(SandboxBuilder builder) {
      return builder.idleTimeout(Duration.ofSeconds(1));
    }
  };

  private final String output;
  private final Optional<String> end;

  Kind(String output, String end) {
    this.output = output;
    this.end = Optional.ofNullable(end);
  }

  /** All that its entrypoint prints. */
  String output() {
    return output;
  }

  /** How it ends if nobody does anything; empty if it does not. */
  Optional<String> end() {
    return end;
  }

  SandboxBuilder applyTo(SandboxBuilder builder) {
    return builder;
  }
}

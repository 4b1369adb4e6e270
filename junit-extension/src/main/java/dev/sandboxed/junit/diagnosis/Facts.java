package dev.sandboxed.junit.diagnosis;

import dev.sandboxed.Connection;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.LogLine;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SecretMask;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What is asked about one sandbox, all at once, before any answer is waited for.
 *
 * @param sandbox which
 * @param connections what it tried to reach
 * @param log the end of its log; empty if it was not asked for
 * @param changes what it has changed; empty if it was not asked for
 */
public record Facts(
    Sandbox sandbox,
    Inquiry<List<Connection>> connections,
    Optional<Inquiry<List<LogLine>>> log,
    Optional<Inquiry<Changes>> changes) {

  /** How long a sandbox may take to answer. */
  public static final Duration LIMIT = Duration.ofSeconds(5);

  /** How many lines of a log are asked for. */
  static final int LOG_LINES = 2000;

  /** Asks for what a failure tells in few words. */
  public static Facts few(Sandbox sandbox) {
    return new Facts(
        sandbox, Inquiry.begin(sandbox::connections, LIMIT), Optional.empty(), Optional.empty());
  }

  /** Asks for what the host knows, which disturbs nothing in the sandbox. */
  public static Facts outside(Sandbox sandbox) {
    return new Facts(
        sandbox,
        Inquiry.begin(sandbox::connections, LIMIT),
        Optional.of(Inquiry.begin(() -> sandbox.logs().tail(LOG_LINES).lines(), LIMIT)),
        Optional.empty());
  }

  /**
   * Asks for what the host knows, and for what has changed inside.
   *
   * @param mask takes the secrets out
   */
  public static Facts all(Sandbox sandbox, SecretMask mask) {
    var outside = outside(sandbox);
    return new Facts(
        sandbox,
        outside.connections(),
        outside.log(),
        Optional.of(Inquiry.begin(() -> Changes.of(sandbox, mask), LIMIT)));
  }

  /** Returns the differences of changed texts; empty if there are none, or none are known. */
  public String diff() {
    return changes.map(c -> c.get(Changes::diff, why -> "")).orElse("");
  }

  /** Says whether it runs, or how it ended. */
  public static String state(Optional<ExitStatus> status) {
    return status.map(s -> "ended: " + s).orElse("running");
  }
}

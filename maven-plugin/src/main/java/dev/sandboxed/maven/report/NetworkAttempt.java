package dev.sandboxed.maven.report;

import java.util.Locale;

/**
 * A destination that a run tried to reach.
 *
 * @param verdict {@code allowed}, {@code resolved}, {@code refused} or {@code failed}
 * @param destination what was tried, such as {@code tcp://example.org:443}; safe to show
 * @param times how often
 * @param bytesOut bytes sent
 * @param bytesIn bytes received
 * @param reason the rule that allowed it, or why it was refused or failed; may be empty
 * @param during what tried it
 */
public record NetworkAttempt(
    String verdict,
    String destination,
    long times,
    long bytesOut,
    long bytesIn,
    String reason,
    During during) {

  /** What reaches outside, each by a policy of its own. */
  public enum During {
    /** The installation. */
    INSTALL,
    /** Tests and linters. */
    RUN;

    /** Returns the word for people. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}

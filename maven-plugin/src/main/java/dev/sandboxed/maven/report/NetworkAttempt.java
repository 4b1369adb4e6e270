package dev.sandboxed.maven.report;

/**
 * A destination that a run tried to reach.
 *
 * @param verdict {@code allowed}, {@code resolved}, {@code refused} or {@code failed}
 * @param destination what was tried, such as {@code tcp://example.org:443}; safe to show
 * @param times how often
 * @param bytesOut bytes sent
 * @param bytesIn bytes received
 * @param reason the rule that allowed it, or why it was refused or failed; may be empty
 */
public record NetworkAttempt(
    String verdict, String destination, long times, long bytesOut, long bytesIn, String reason) {}

package dev.sandboxed;

import java.time.Instant;

/**
 * One line that a sandbox's entrypoint printed.
 *
 * @param at when its first bytes came
 * @param source where it was printed to
 * @param text the line without its end, as it is: a terminal would act on escape sequences in it. A
 *     line of more than 64 KiB is cut into several
 */
public record LogLine(Instant at, Source source, String text) {

  /** Where a line was printed to. */
  public enum Source {
    /** Standard output. */
    STDOUT,
    /** Standard error. */
    STDERR
  }
}

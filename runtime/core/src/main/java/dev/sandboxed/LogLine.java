package dev.sandboxed;

import java.time.Instant;

/**
 * One line of a sandbox's log: what its entrypoint printed, or a note.
 *
 * @param at when its first bytes came
 * @param source where it comes from
 * @param text the line without its end, as it is: a terminal would act on escape sequences in it. A
 *     line of more than 64 KiB is cut into several
 */
public record LogLine(Instant at, Source source, String text) {

  /** Where a line comes from. */
  public enum Source {
    /** Standard output. */
    STDOUT,
    /** Standard error. */
    STDERR,
    /** What a {@linkplain SandboxBuilder#verbose verbose} sandbox notes of a call. */
    NOTE
  }
}

package dev.sandboxed.junit;

/**
 * What is written down about the sandboxes of a failed test, as files that are attached to its
 * report. Nothing is written for tests that pass or are aborted.
 */
public enum DiagnosticsMode {
  /**
   * What the next farther annotation says, or else the configuration parameter; {@link #FULL} if
   * none does.
   */
  DEFAULT,
  /** No file. The failure still tells the last commands, and what was tried to reach. */
  OFF,
  /**
   * One file per sandbox: how it stands or ended, what it was created from, its limits, how long
   * its start took, the commands that ran, what was tried to reach, and the end of its log. Nothing
   * in the sandbox is disturbed for it, and it costs some milliseconds.
   */
  SUMMARY,
  /**
   * Beside that, the files that the sandbox has changed against its image, and what is in {@code
   * /tmp}; the differences of texts are a file of their own. All programs in the sandbox stand
   * still for a moment, also in one that other tests share, and it needs memory as large as the
   * largest changed file.
   */
  FULL
}

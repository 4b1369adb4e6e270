package dev.sandboxed.maven.report;

import java.io.Serial;

/** A report from a sandbox is malformed or beyond the bounds; the message says how. */
public final class InvalidReportException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what is wrong with the report
   */
  public InvalidReportException(String message) {
    super(message);
  }

  InvalidReportException(String message, Throwable cause) {
    super(message, cause);
  }
}

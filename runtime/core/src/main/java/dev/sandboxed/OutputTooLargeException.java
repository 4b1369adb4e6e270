package dev.sandboxed;

import java.io.Serial;

/** A command printed more than the caller is ready to keep. */
public final class OutputTooLargeException extends ExecException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public OutputTooLargeException(String message) {
    super(message);
  }
}

package dev.sandboxed;

import java.io.Serial;

/** A command could not be run in a sandbox. */
public class ExecException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public ExecException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public ExecException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.sandboxed;

import java.io.Serial;

/** A value that the caller gave is out of its bounds. */
public final class InvalidSpecException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public InvalidSpecException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public InvalidSpecException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.sandboxed;

import java.io.Serial;

/** Another running sandbox of the same app has the name. */
public final class NameTakenException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public NameTakenException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public NameTakenException(String message, Throwable cause) {
    super(message, cause);
  }
}

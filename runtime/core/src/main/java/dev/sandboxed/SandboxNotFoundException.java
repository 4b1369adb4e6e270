package dev.sandboxed;

import java.io.Serial;

/** There is no sandbox of this id or name. */
public final class SandboxNotFoundException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public SandboxNotFoundException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public SandboxNotFoundException(String message, Throwable cause) {
    super(message, cause);
  }
}

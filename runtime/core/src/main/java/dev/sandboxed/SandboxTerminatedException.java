package dev.sandboxed;

import java.io.Serial;

/** The sandbox was terminated. */
public final class SandboxTerminatedException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public SandboxTerminatedException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public SandboxTerminatedException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.sandboxed;

import java.io.Serial;

/** The sandbox has ended, so the call cannot be done. */
public final class SandboxNotRunningException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public SandboxNotRunningException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public SandboxNotRunningException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.sandboxed;

import java.io.Serial;

/** The sandbox was ended by its timeout or idle timeout. */
public final class SandboxTimeoutException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public SandboxTimeoutException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public SandboxTimeoutException(String message, Throwable cause) {
    super(message, cause);
  }
}

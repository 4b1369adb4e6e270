package dev.sandboxed;

import java.io.Serial;

/**
 * A sandbox did not start, or its runtime or agent failed; the message shows the end of their
 * output.
 */
public final class SandboxFailedException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public SandboxFailedException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public SandboxFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}

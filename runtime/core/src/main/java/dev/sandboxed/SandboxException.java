package dev.sandboxed;

import java.io.Serial;

/** An error of a sandbox: says what was wrong, with which value, and what to do next. */
public class SandboxException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public SandboxException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public SandboxException(String message, Throwable cause) {
    super(message, cause);
  }
}

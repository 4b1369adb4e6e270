package dev.sandboxed;

import java.io.Serial;

/** The handle let its sandbox go, which lives on: find it again with {@link Sandbox#fromId}. */
public final class SandboxDetachedException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public SandboxDetachedException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public SandboxDetachedException(String message, Throwable cause) {
    super(message, cause);
  }
}

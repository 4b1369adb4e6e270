package dev.sandboxed;

import java.io.Serial;

/** An image could not be made from its source. */
public class ImageException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public ImageException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public ImageException(String message, Throwable cause) {
    super(message, cause);
  }
}

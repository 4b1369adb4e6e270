package dev.sandboxed;

import java.io.Serial;

/** There is no such volume, or not any more. */
public final class VolumeNotFoundException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public VolumeNotFoundException(String message) {
    super(message);
  }
}

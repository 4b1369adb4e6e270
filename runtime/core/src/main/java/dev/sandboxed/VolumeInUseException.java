package dev.sandboxed;

import java.io.Serial;

/** A sandbox that runs has the volume. */
public final class VolumeInUseException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public VolumeInUseException(String message) {
    super(message);
  }
}

package dev.sandboxed;

import java.io.Serial;

/**
 * This machine does not have the GPUs that a spec wants, or not for sandboxes; nothing was started.
 */
public final class GpuUnavailableException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wanted, what was found, and what to do
   */
  public GpuUnavailableException(String message) {
    super(message);
  }
}

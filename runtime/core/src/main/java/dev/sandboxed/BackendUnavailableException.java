package dev.sandboxed;

import java.io.Serial;

/** No sandbox can run on this machine as it is; the message says why and how to mend it. */
public final class BackendUnavailableException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public BackendUnavailableException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public BackendUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}

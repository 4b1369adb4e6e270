package dev.sandboxed;

import java.io.Serial;

/** There is no such program in the sandbox: exit code 127 in a shell. */
public final class CommandNotFoundException extends ExecException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public CommandNotFoundException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public CommandNotFoundException(String message, Throwable cause) {
    super(message, cause);
  }
}

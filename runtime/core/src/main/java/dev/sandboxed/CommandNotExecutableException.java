package dev.sandboxed;

import java.io.Serial;

/** The program cannot be executed: exit code 126 in a shell. */
public final class CommandNotExecutableException extends ExecException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   */
  public CommandNotExecutableException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param cause the error behind it
   */
  public CommandNotExecutableException(String message, Throwable cause) {
    super(message, cause);
  }
}

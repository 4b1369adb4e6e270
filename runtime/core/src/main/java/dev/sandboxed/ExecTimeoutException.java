package dev.sandboxed;

import java.io.Serial;
import java.time.Duration;

/** A command was killed because its timeout was over; the sandbox lives on. */
public final class ExecTimeoutException extends ExecException {
  @Serial private static final long serialVersionUID = 1L;
  private final transient ExecResult partial;

  /**
   * Makes the exception.
   *
   * @param timeout the time that is over
   * @param partial what the command printed until then
   */
  public ExecTimeoutException(Duration timeout, ExecResult partial) {
    super("The command was killed after its timeout of %s. %s".formatted(timeout, partial));
    this.partial = partial;
  }

  /**
   * Returns what the command printed until it was killed.
   *
   * @return the result, with the reason {@link ExitReason#TIMEOUT}
   */
  public ExecResult partial() {
    return partial;
  }
}

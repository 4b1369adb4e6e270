package dev.sandboxed;

import java.io.Serial;
import java.util.List;

/** A sandbox was not ready within the time that somebody waited for it; it goes on. */
public final class ReadinessTimeoutException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;
  private final transient List<String> seen;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param seen what was seen last of each probe
   */
  public ReadinessTimeoutException(String message, List<String> seen) {
    super(message);
    this.seen = List.copyOf(seen);
  }

  /**
   * Returns what was seen last of each probe of the spec, in their order.
   *
   * @return one line each, such as {@code port 5432: connection refused}; for people to read. Empty
   *     if the sandbox did not say
   */
  public List<String> seen() {
    return seen;
  }
}

package dev.sandboxed.junit;

import java.io.Serial;

/** A test has no sandbox, because what it would be a copy of could not be set up. */
final class SetupFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  SetupFailedException(String subject, Throwable cause) {
    super("The %s failed, so there is no sandbox: %s".formatted(subject, cause), cause);
  }
}

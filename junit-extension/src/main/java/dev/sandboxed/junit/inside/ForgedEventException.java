package dev.sandboxed.junit.inside;

import java.io.Serial;

/** An event from inside that cannot be: whoever sent it is not to be believed any more. */
final class ForgedEventException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  ForgedEventException(String message) {
    super(message);
  }
}

package dev.sandboxed.maven.git;

import java.io.IOException;
import java.io.Serial;

/** A repository could not be fetched; the message says what to do. */
public final class GitException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  GitException(String message) {
    super(message);
  }

  GitException(String message, Throwable cause) {
    super(message, cause);
  }
}

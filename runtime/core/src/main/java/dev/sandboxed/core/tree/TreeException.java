package dev.sandboxed.core.tree;

import java.io.IOException;
import java.io.Serial;

/**
 * A file tree, an archive or an image that cannot be read or written as asked; the message says
 * what to do.
 */
public final class TreeException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  public TreeException(String message) {
    super(message);
  }

  public TreeException(String message, Throwable cause) {
    super(message, cause);
  }
}

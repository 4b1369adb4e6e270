package dev.sandboxed.core.dockerfile;

import dev.sandboxed.ImageException;
import dev.sandboxed.OutputTail;
import java.io.Serial;

/** A Dockerfile that is malformed, or asks for what is not done here. */
public final class DockerfileException extends ImageException {
  @Serial private static final long serialVersionUID = 1L;

  private static final int MAX_SHOWN = 200;

  private DockerfileException(String message) {
    super(message);
  }

  /** Returns the failure of a line, to be completed with the file's name. */
  static DockerfileException at(String file, int line, String keyword, String why) {
    return new DockerfileException(
        "%s:%d: %s%s".formatted(file, line, keyword.isEmpty() ? "" : keyword + ": ", why));
  }

  /** Returns the failure of a whole file. */
  static DockerfileException of(String file, String why) {
    return new DockerfileException(file + ": " + why);
  }

  /** Returns a text of the file, fit for a message. */
  static String shown(String text) {
    var line = OutputTail.printable(text).replaceAll("\\s+", " ").strip();
    return line.length() > MAX_SHOWN ? line.substring(0, MAX_SHOWN) + "…" : line;
  }
}

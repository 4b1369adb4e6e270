package dev.sandboxed.core.agent;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxSpec;
import java.time.Duration;

/** The checks of what users pass to calls on a sandbox. */
final class Checks {
  private Checks() {}

  static String noNul(String what, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new InvalidSpecException(
          "The %s \"%s\" holds a NUL character; Linux ends strings there"
              .formatted(what, OutputTail.printable(text)));
    }
    return text;
  }

  static String notEmpty(String what, String text) {
    if (text.isEmpty()) {
      throw new InvalidSpecException("The %s is empty; name one".formatted(what));
    }
    return noNul(what, text);
  }

  static String envName(String name) {
    if (name.isEmpty() || name.indexOf('=') >= 0) {
      throw new InvalidSpecException(
          "\"%s\" is not a name for an environment variable; it must not be empty or hold '='"
              .formatted(OutputTail.printable(name)));
    }
    return noNul("name of an environment variable", name);
  }

  static Duration timeout(Duration timeout) {
    if (timeout.isZero()
        || timeout.isNegative()
        || timeout.compareTo(SandboxSpec.MAX_TIMEOUT) > 0) {
      throw new InvalidSpecException(
          "The timeout of the command is %s; it must be more than zero and at most 24 hours"
              .formatted(timeout));
    }
    return timeout;
  }

  /** Returns a path inside as an absolute one; a relative one starts at the given directory. */
  static String path(String workdir, String path) {
    notEmpty("path", path);
    return path.startsWith("/") ? path : workdir.equals("/") ? "/" + path : workdir + "/" + path;
  }
}

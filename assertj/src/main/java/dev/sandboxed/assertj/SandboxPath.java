package dev.sandboxed.assertj;

import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;

/**
 * A path in a sandbox, whether there is something or not.
 *
 * @param sandbox the sandbox
 * @param path the path inside; a relative one starts at the sandbox's working directory
 */
public record SandboxPath(Sandbox sandbox, String path) {

  /** Returns the path, safe to print. */
  @Override
  public String toString() {
    return OutputTail.printable(path);
  }
}

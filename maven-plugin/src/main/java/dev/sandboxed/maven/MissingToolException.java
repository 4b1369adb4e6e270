package dev.sandboxed.maven;

import dev.sandboxed.SandboxException;
import java.io.Serial;

/** The tool that a project needs is not in the sandbox; the message says what to do. */
final class MissingToolException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  MissingToolException(String tool, SandboxException cause) {
    super(
        "%s is not in the sandbox, which has the tools of this machine's PATH: install it here, or choose another root file system with -Dsandbox.image=…. %s"
            .formatted(tool, cause.getMessage()),
        cause);
  }
}

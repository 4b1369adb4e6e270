package dev.sandboxed.gvisor;

import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFailedException;

/** Runs the command that hands on what is new in a copy. */
final class CopyHook {
  /** What the agent of a copy writes. */
  private static final String FILE = "/run/sandboxed/copy.json";

  private CopyHook() {}

  /** Runs the spec's command, if it has one; if it fails, the copy is ended. */
  static void run(Sandbox copy) {
    var command = copy.spec().snapshot().onCopy();
    if (command.isEmpty()) {
      return;
    }
    try {
      var result = copy.exec(command).user("root").env("SANDBOXED_COPY", FILE).await();
      if (!result.isSuccess()) {
        throw new SandboxFailedException(
            "The copy did not start, since its command for copies failed; see what it printed, and"
                + " mend onCopy(...)\n"
                + result);
      }
    } catch (SandboxException e) {
      copy.close();
      throw e instanceof SandboxFailedException
          ? e
          : new SandboxFailedException(
              "The copy did not start, since its command for copies, %s, did not run to its end: %s"
                  .formatted(OutputTail.commandLine(command), e.getMessage()),
              e);
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }
}

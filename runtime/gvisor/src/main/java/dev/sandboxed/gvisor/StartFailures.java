package dev.sandboxed.gvisor;

import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFailedException;
import java.io.IOException;
import java.nio.file.Path;

/** Finds out whether a sandbox that did not start could have started on this machine at all. */
final class StartFailures {
  private StartFailures() {}

  /**
   * Returns what to throw: that the machine lacks something, with what to do about it, or else the
   * failure itself.
   */
  static SandboxException explain(SandboxFailedException failure, Path keeper) {
    try {
      for (var check : HostCheck.all(keeper)) {
        if (check.required() && !check.ok()) {
          return new BackendUnavailableException(
              OutputTail.printable(
                  "gVisor sandboxes cannot run on this machine (%s): %s. %s"
                      .formatted(check.name(), check.detail(), check.fix())),
              failure);
        }
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return failure;
  }
}

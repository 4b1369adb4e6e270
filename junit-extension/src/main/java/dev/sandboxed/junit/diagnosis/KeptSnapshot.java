package dev.sandboxed.junit.diagnosis;

import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import java.time.Duration;

/** The memory snapshot of a sandbox whose test has failed, for a person to look around in. */
public final class KeptSnapshot {
  /** How long it may take: as much as the sandbox has in its memory is written to the disk. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private KeptSnapshot() {}

  /**
   * Begins to take it.
   *
   * @param sandbox of which
   * @param hasSecrets whether it, or one of its commands, was given secrets
   */
  public static Inquiry<String> begin(Sandbox sandbox, boolean hasSecrets) {
    return Inquiry.begin(() -> take(sandbox, hasSecrets), LIMIT);
  }

  private static String take(Sandbox sandbox, boolean hasSecrets) {
    if (sandbox.spec().secrets().isEmpty() && hasSecrets) {
      throw new SandboxException(
          "its commands were given secrets, and all that is in its memory would be written to the"
              + " disk");
    }
    return sandbox.snapshot().id();
  }

  /** Says how a copy is started, or why there is none. */
  public static String describe(Inquiry<String> snapshot) {
    return snapshot.get(
        id -> "As it was then, in a copy:\n  mvn sandbox:shell -Dsandbox.snapshot=" + id,
        why -> "There is no memory snapshot of it: " + OutputTail.printable(why));
  }
}

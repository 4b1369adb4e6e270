package dev.sandboxed.junit;

/** What the sandboxes of {@link Sandboxed @Sandboxed} start from. */
public enum SnapshotMode {
  /** What the enclosing annotations say; {@link #NONE} unless they say anything. */
  DEFAULT,
  /** Nothing: each sandbox is booted. */
  NONE,
  /**
   * A memory snapshot that was taken when {@link Sandboxed#readyWhen} had succeeded: the first use
   * boots and waits, and every later one, in this run or the next, is a copy that is ready at once.
   *
   * @see dev.sandboxed.SandboxBuilder#snapshotWhenReady
   */
  READY,
  /**
   * A memory snapshot that was taken when the methods with {@link SandboxSetup @SandboxSetup} had
   * run: once for the class, whose tests each get a copy. It is removed when the class is over.
   */
  AFTER_SETUP
}

package dev.sandboxed;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A sandbox that runs ahead of its use: its timeouts have not begun, no list shows it, and if
 * nobody uses it, nothing is kept of it. It ends with the JVM that prepared it, or when nobody has
 * used it within {@link #MAX_WAIT}. Thread-safe.
 */
public interface PreparedSandbox extends AutoCloseable {

  /** How long it waits for its use; then it ends, which bounds what a JVM that hangs leaves. */
  Duration MAX_WAIT = Duration.ofHours(1);

  /**
   * Begins the use: the timeouts count from now on, and the sandbox is like any that was just
   * created, but for what its command has done meanwhile. To be called once.
   *
   * @return the running sandbox, which the caller closes
   * @throws SandboxNotRunningException if it has ended meanwhile
   */
  Sandbox begin();

  /**
   * Completes when the sandbox has ended and everything it held is released.
   *
   * @return a new future
   */
  CompletableFuture<ExitStatus> onExit();

  /**
   * Ends the sandbox without waiting.
   *
   * @return completes when everything is released
   */
  CompletableFuture<ExitStatus> terminate();

  /** Ends the sandbox, if it has not ended, and waits until everything is released. */
  @Override
  void close();
}

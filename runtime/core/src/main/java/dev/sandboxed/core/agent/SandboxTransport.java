package dev.sandboxed.core.agent;

import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;

/** How a backend reaches one sandbox, and ends it when asking does not help. Thread-safe. */
public interface SandboxTransport {

  /** Returns the connected channel of frames; the client of the agent closes it. */
  SocketChannel channel();

  /** Ends the sandbox whether its agent answers or not; does not wait. */
  void kill();

  /**
   * Completes when nothing of the sandbox is left on the host, with the end of what its runtime
   * printed.
   */
  CompletableFuture<String> released();
}

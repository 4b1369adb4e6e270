package dev.sandboxed;

/** A running watch of {@link SandboxFiles#watch}; ends with the sandbox at the latest. */
public interface FileWatch extends AutoCloseable {

  /** Ends the watch; the listener is not called after it returns. */
  @Override
  void close();
}

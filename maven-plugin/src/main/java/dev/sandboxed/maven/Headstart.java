package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Image;
import dev.sandboxed.SandboxException;
import java.lang.System.Logger.Level;

/**
 * Finds this machine's tools while a project is still being recognised, as most sandboxes need
 * them. In a JVM that has just begun, each of the two takes longer than starting a sandbox.
 */
final class Headstart implements AutoCloseable {
  private final Thread thread;

  private Headstart(Thread thread) {
    this.thread = thread;
  }

  /** Begins, if the root file system is one of this machine's tools. */
  static Headstart of(Backend backend, Image image) {
    var thread = new Thread(() -> find(backend), "sandbox-tools");
    thread.setDaemon(true);
    if (image instanceof Image.HostImage) {
      thread.start();
    }
    return new Headstart(thread);
  }

  private static void find(Backend backend) {
    try {
      backend.images().prepare(Image.host());
    } catch (SandboxException e) {
      // Whoever needs them finds out, too, and says so.
      System.getLogger(Headstart.class.getName()).log(Level.DEBUG, "no tools", e);
    }
  }

  /** Waits for the end. */
  @Override
  public void close() {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

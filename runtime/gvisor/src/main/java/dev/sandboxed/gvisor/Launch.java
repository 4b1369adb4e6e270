package dev.sandboxed.gvisor;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** One start of a sandbox, which can be given up from another thread. */
final class Launch {
  private final boolean aheadOfUse;
  private boolean cancelled;
  private @Nullable Keeper keeper;
  private @Nullable Thread waiter;

  /** Something that waits, until it is interrupted at the latest. */
  @FunctionalInterface
  interface Wait<T> {
    T await() throws InterruptedException;
  }

  private Launch(boolean aheadOfUse) {
    this.aheadOfUse = aheadOfUse;
  }

  /** Begins the start of a sandbox whose use begins with it. */
  static Launch ofSandbox() {
    return new Launch(false);
  }

  /** Begins the start of a sandbox that somebody will use later, or nobody. */
  static Launch aheadOfUse() {
    return new Launch(true);
  }

  /** Returns whether the use of the sandbox begins later. */
  boolean isAheadOfUse() {
    return aheadOfUse;
  }

  /** Gives the start up; what runs already is ended. */
  synchronized void cancel() {
    cancelled = true;
    if (keeper != null) {
      keeper.kill();
    }
    if (waiter != null) {
      waiter.interrupt();
    }
  }

  /**
   * Waits for something, until the start is given up.
   *
   * @throws CancellationException if it was
   * @throws InterruptedException if the thread was interrupted by somebody else
   */
  <T> T waiting(Wait<T> wait) throws InterruptedException {
    synchronized (this) {
      check();
      waiter = Thread.currentThread();
    }
    try {
      return wait.await();
    } catch (InterruptedException e) {
      check();
      throw e;
    } finally {
      synchronized (this) {
        waiter = null;
        if (cancelled) {
          // It was meant for the wait, and must not outlive it.
          Thread.interrupted();
        }
      }
    }
  }

  /** Notes what runs by now. */
  synchronized void started(Keeper started) {
    keeper = started;
    if (cancelled) {
      started.kill();
    }
  }

  synchronized void check() {
    if (cancelled) {
      throw new CancellationException("The start of the sandbox was cancelled");
    }
  }
}

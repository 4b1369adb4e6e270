package dev.sandboxed.gvisor;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** One start of a sandbox, which can be given up from another thread. */
final class Launch {
  private boolean cancelled;
  private @Nullable Keeper keeper;

  /** Gives the start up; what runs already is ended. */
  synchronized void cancel() {
    cancelled = true;
    if (keeper != null) {
      keeper.kill();
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

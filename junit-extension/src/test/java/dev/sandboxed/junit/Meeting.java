package dev.sandboxed.junit;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A point that tests of one execution pass in pairs, so that two of them run at the same time.
 *
 * <p>Jupiter runs tests on a {@link ForkJoinPool}, which in Java 17 now and then leaves a task to
 * the thread that forked it although others have nothing to do: where that thread waits for the
 * task, both wait for ever (seen with two tests at a barrier: 4 in 2,000 runs). A managed block
 * tells the pool to let another thread work meanwhile (none in 6,000).
 */
final class Meeting {
  private final CyclicBarrier both = new CyclicBarrier(2);

  /** Waits for another test to come here too, at most a minute. */
  void await() throws InterruptedException {
    ForkJoinPool.managedBlock(new Arrival());
  }

  /** One of the two that meet. */
  private final class Arrival implements ForkJoinPool.ManagedBlocker {
    private boolean met;

    @Override
    public boolean block() throws InterruptedException {
      try {
        both.await(60, TimeUnit.SECONDS);
      } catch (BrokenBarrierException | TimeoutException e) {
        throw new AssertionError("No other test runs at the same time", e);
      }
      met = true;
      return true;
    }

    @Override
    public boolean isReleasable() {
      return met;
    }
  }
}

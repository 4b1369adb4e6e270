package dev.sandboxed.core.image;

import dev.sandboxed.core.tree.HostDirectory;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Lists files of the host so that any later change of them shows: one in the same tick of the clock
 * as the newest change so far would show in no time stamp.
 */
final class SettledListing {
  /** Two changes within this time may get the same time stamp from the kernel. */
  private static final Duration CLOCK_TICK = Duration.ofMillis(20);

  private static final Duration FUTURE = Duration.ofMinutes(1);
  private static final int MAX_WAITS = 50;

  private SettledListing() {}

  /** Lists files. */
  @FunctionalInterface
  interface Reading {
    HostDirectory.Listing read() throws IOException;
  }

  static HostDirectory.Listing of(Reading reading) throws IOException {
    HostDirectory.Listing listing = reading.read();
    for (int i = 0; i < MAX_WAITS && untilSettled(listing).toNanos() > 0; i++) {
      LockSupport.parkNanos(untilSettled(listing).toNanos());
      listing = reading.read();
    }
    return listing;
  }

  private static Duration untilSettled(HostDirectory.Listing listing) {
    Duration wait = CLOCK_TICK.minus(Duration.between(listing.newestChange(), listing.time()));
    // A time far in the future is another clock's, or wrong: no use waiting for it.
    return wait.compareTo(FUTURE) > 0 ? Duration.ZERO : wait;
  }
}

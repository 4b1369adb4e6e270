package dev.sandboxed;

import java.time.Duration;
import java.util.Optional;

/**
 * How long the steps of a sandbox's start took.
 *
 * @param prepared image and files were ready on the host
 * @param started from there until the runtime was started
 * @param answered from there until the agent inside answered
 * @param ready from there until its readiness probe had succeeded; empty while it has not, and for
 *     a sandbox without one
 */
public record StartupTimings(
    Duration prepared, Duration started, Duration answered, Optional<Duration> ready) {

  /**
   * Returns the whole time from the call to the answer.
   *
   * @return the sum, without what it took to be ready
   */
  public Duration total() {
    return prepared.plus(started).plus(answered);
  }
}

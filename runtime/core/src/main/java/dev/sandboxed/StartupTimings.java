package dev.sandboxed;

import java.time.Duration;

/**
 * How long the steps of a sandbox's start took.
 *
 * @param prepared image and files were ready on the host
 * @param started from there until the runtime was started
 * @param answered from there until the agent inside answered
 */
public record StartupTimings(Duration prepared, Duration started, Duration answered) {

  /**
   * Returns the whole time from the call to the answer.
   *
   * @return the sum
   */
  public Duration total() {
    return prepared.plus(started).plus(answered);
  }
}

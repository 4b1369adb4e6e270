package dev.sandboxed.benchmarks;

/** Takes times. */
final class Clock {
  private static final double MEBI = 1 << 20;

  private Clock() {}

  /** What is timed; returns the {@link System#nanoTime} at which it was done. */
  @FunctionalInterface
  interface Step {
    long run() throws Exception;
  }

  /** Returns the milliseconds that a step took. */
  static double millis(Step step) throws Exception {
    var started = System.nanoTime();
    return (step.run() - started) / 1e6;
  }

  /** Returns the mebibytes a second at which a step moved so many bytes. */
  static double mebibytesPerSecond(long bytes, Step step) throws Exception {
    return bytes / MEBI / (millis(step) / 1e3);
  }

  /** Converts mebibytes to the megabytes in which the aims are written. */
  static double megabytes(double mebibytes) {
    return mebibytes * MEBI / 1e6;
  }
}

package dev.sandboxed;

import java.time.Duration;

/**
 * Is told what happens while the steps of an image are carried out. Steps that are kept from before
 * are not mentioned.
 *
 * <p>An implementation must be thread-safe: images may be built at the same time. An exception that
 * it throws ends the build.
 */
public interface BuildLog {
  /**
   * Is told that the program of a step starts, in a sandbox of its own.
   *
   * @param step the step
   */
  default void started(ImageStep step) {}

  /**
   * Is told a line that the program of a step printed on stdout or stderr.
   *
   * @param step the step
   * @param line the line, without its end and without the values of the step's secrets, at most
   *     4,000 characters of it; safe to print on a terminal
   */
  default void line(ImageStep step, String line) {}

  /**
   * Is told that the program of a step has done its work, and that the result is kept.
   *
   * @param step the step
   * @param took how long it took
   */
  default void finished(ImageStep step, Duration took) {}

  /**
   * Is told that a step failed or was given up; the exception says why.
   *
   * @param step the step
   */
  default void failed(ImageStep step) {}
}

package dev.sandboxed;

import java.time.Duration;
import java.util.List;

/**
 * Is told what happens while the steps of an image are carried out. Of steps that are kept from
 * before only {@link #settled} tells.
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

  /**
   * Is told that another build carries out the same step at this moment, and that this one waits
   * for what it makes.
   *
   * @param step the step
   */
  default void waiting(ImageStep step) {}

  /**
   * Is told what the program of a step tried to reach outside, at its end, however that was.
   *
   * @param step the step
   * @param tried the destinations, in the order they were tried; hostile text
   */
  default void connections(ImageStep step, List<Connection> tried) {}

  /**
   * Is told what came of a step that changes files, whether it was carried out or is kept from
   * before. Where the store has to make something again, it may be told of a step twice.
   *
   * @param settled the step and its result
   */
  default void settled(SettledStep settled) {}
}

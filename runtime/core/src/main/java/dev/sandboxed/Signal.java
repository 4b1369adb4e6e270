package dev.sandboxed;

/**
 * A Linux signal.
 *
 * @param number 1 to 64
 */
public record Signal(int number) {
  /** Hang-up. */
  public static final Signal HUP = new Signal(1);

  /** Interrupt, as by Ctrl-C. */
  public static final Signal INT = new Signal(2);

  /** Quit; a JVM prints its threads. */
  public static final Signal QUIT = new Signal(3);

  /** Kill; cannot be caught. */
  public static final Signal KILL = new Signal(9);

  /** User-defined signal 1. */
  public static final Signal USR1 = new Signal(10);

  /** User-defined signal 2. */
  public static final Signal USR2 = new Signal(12);

  /** Terminate; the polite request. */
  public static final Signal TERM = new Signal(15);

  /** Continue after a stop. */
  public static final Signal CONT = new Signal(18);

  /** Stop; cannot be caught. */
  public static final Signal STOP = new Signal(19);

  /**
   * Checks the number.
   *
   * @throws InvalidSpecException if it is out of its bounds
   */
  public Signal {
    if (number < 1 || number > 64) {
      throw new InvalidSpecException(
          "There is no signal %d; a signal's number is 1 to 64".formatted(number));
    }
  }
}

package dev.sandboxed.maven.report;

import java.util.function.UnaryOperator;

/**
 * One test's result.
 *
 * @param className what the test belongs to: a class, a package, a file
 * @param name its name there
 * @param seconds how long it took
 * @param outcome how it ended
 * @param message why it did not pass, in a line; may be empty
 * @param detail the same at length, such as a stack trace; may be empty
 */
public record TestCase(
    String className, String name, double seconds, Outcome outcome, String message, String detail) {

  /** Makes the time one that a report can hold. */
  public TestCase {
    if (!(seconds >= 0 && seconds <= 1e9)) {
      seconds = 0;
    }
  }

  /**
   * Changes all texts.
   *
   * @param change gives another text for each
   * @return the changed copy
   */
  public TestCase map(UnaryOperator<String> change) {
    return new TestCase(
        change.apply(className),
        change.apply(name),
        seconds,
        outcome,
        change.apply(message),
        change.apply(detail));
  }

  /**
   * Returns the name to show to people.
   *
   * @return class and name
   */
  public String displayName() {
    return className.isEmpty() ? name : className + "." + name;
  }
}

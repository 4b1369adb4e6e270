package dev.sandboxed.maven.report;

/**
 * How many tests ended how.
 *
 * @param tests all of them
 * @param failures those that failed
 * @param errors those that broke
 * @param skipped those that did not run
 */
public record TestCounts(int tests, int failures, int errors, int skipped) {

  /** No tests. */
  public static final TestCounts NONE = new TestCounts(0, 0, 0, 0);

  /**
   * Counts one test more.
   *
   * @param outcome how it ended
   * @return the new numbers
   */
  public TestCounts plus(Outcome outcome) {
    return new TestCounts(
        tests + 1,
        failures + (outcome == Outcome.FAILED ? 1 : 0),
        errors + (outcome == Outcome.ERROR ? 1 : 0),
        skipped + (outcome == Outcome.SKIPPED ? 1 : 0));
  }

  /**
   * Adds other numbers.
   *
   * @param other the numbers to add
   * @return the sums
   */
  public TestCounts plus(TestCounts other) {
    return new TestCounts(
        tests + other.tests,
        failures + other.failures,
        errors + other.errors,
        skipped + other.skipped);
  }

  @Override
  public String toString() {
    return "Tests: %d, failures: %d, errors: %d, skipped: %d"
        .formatted(tests, failures, errors, skipped);
  }
}

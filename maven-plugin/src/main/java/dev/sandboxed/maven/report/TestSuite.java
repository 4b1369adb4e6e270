package dev.sandboxed.maven.report;

import java.util.List;

/**
 * The results of tests that belong together.
 *
 * @param name the suite's name
 * @param cases the tests, in the order they were reported
 */
public record TestSuite(String name, List<TestCase> cases) {

  /** Copies the list. */
  public TestSuite {
    cases = List.copyOf(cases);
  }

  /**
   * Counts the results.
   *
   * @return the numbers
   */
  public TestCounts counts() {
    var counts = TestCounts.NONE;
    for (var test : cases) {
      counts = counts.plus(test.outcome());
    }
    return counts;
  }
}

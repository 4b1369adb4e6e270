package dev.sandboxed.maven.report;

import java.util.List;
import java.util.function.UnaryOperator;

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
   * Changes all texts.
   *
   * @param change gives another text for each
   * @return the changed copy
   */
  public TestSuite map(UnaryOperator<String> change) {
    return new TestSuite(change.apply(name), cases.stream().map(c -> c.map(change)).toList());
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

package dev.sandboxed.maven.report;

import java.util.List;

/**
 * The tests that a page lists: all texts are safe to show.
 *
 * @param broken those that failed or broke
 * @param others those that passed or were skipped
 * @param left how many are in the reports besides
 */
public record ListedTests(List<TestCase> broken, List<TestCase> others, int left) {
  /** No tests. */
  public static final ListedTests NONE = new ListedTests(List.of(), List.of(), 0);

  /** Copies the lists. */
  public ListedTests {
    broken = List.copyOf(broken);
    others = List.copyOf(others);
  }
}

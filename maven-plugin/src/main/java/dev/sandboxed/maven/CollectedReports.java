package dev.sandboxed.maven;

import dev.sandboxed.maven.report.TestCase;
import dev.sandboxed.maven.report.TestCounts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The test reports that came out of a sandbox.
 *
 * @param counts the numbers over all of them
 * @param files the files written on the host
 * @param broken the first tests that did not pass
 * @param problems what could not be collected, and why
 */
record CollectedReports(
    TestCounts counts, List<Path> files, List<TestCase> broken, List<String> problems) {

  CollectedReports {
    files = List.copyOf(files);
    broken = List.copyOf(broken);
    problems = List.copyOf(problems);
  }

  /** Returns the same, with more that could not be collected. */
  CollectedReports with(List<String> more) {
    var all = new ArrayList<>(problems);
    all.addAll(more);
    return new CollectedReports(counts, files, broken, all);
  }
}

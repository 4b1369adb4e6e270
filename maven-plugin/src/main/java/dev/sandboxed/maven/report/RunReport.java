package dev.sandboxed.maven.report;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What is told of a run at its end. All texts are without secrets, and safe to show on a terminal.
 *
 * @param project what was run: the directory, without those above it
 * @param recognised what it was taken for, such as {@code Maven}; empty if nothing was run
 * @param verdict how it ended
 * @param reason why there are no results; empty unless the verdict is {@link Verdict#ERROR} or
 *     {@link Verdict#SKIPPED}
 * @param began when it began
 * @param duration how long its commands took
 * @param steps its commands, in the order they were started
 * @param tests how many tests ended how
 * @param broken the first tests that did not pass
 * @param files the names of the test reports, in the directory of this one
 * @param caches where what was installed came from
 * @param network what was tried to reach
 * @param findings what tests and linters found, the first of them
 * @param problems what could not be collected, and why
 */
public record RunReport(
    String project,
    String recognised,
    Verdict verdict,
    String reason,
    Instant began,
    Duration duration,
    List<StepReport> steps,
    TestCounts tests,
    List<TestCase> broken,
    List<String> files,
    List<CacheUse> caches,
    List<NetworkAttempt> network,
    List<Finding> findings,
    List<String> problems) {

  /** Copies the lists. */
  public RunReport {
    steps = List.copyOf(steps);
    broken = List.copyOf(broken);
    files = List.copyOf(files);
    caches = List.copyOf(caches);
    network = List.copyOf(network);
    findings = List.copyOf(findings);
    problems = List.copyOf(problems);
  }
}

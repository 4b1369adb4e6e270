package dev.sandboxed.maven;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.report.CacheUse;
import dev.sandboxed.maven.report.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a run ended.
 *
 * @param recognised what the project was taken for, such as {@code Maven}
 * @param began when the first command was started
 * @param steps each command with its end
 * @param reports what was collected
 * @param connections what was tried to reach
 * @param caches where what was installed came from
 * @param findings what commands have told in SARIF files that the project names
 * @param duration how long the commands took
 */
record RunResult(
    String recognised,
    Instant began,
    List<StepResult> steps,
    CollectedReports reports,
    ConnectionReport connections,
    List<CacheUse> caches,
    List<Finding> findings,
    Duration duration) {

  RunResult {
    steps = List.copyOf(steps);
    caches = List.copyOf(caches);
    findings = List.copyOf(findings);
  }

  /**
   * Returns what linters found. What a SARIF file has, lines for people often tell once more, and
   * in fewer words.
   */
  List<Finding> linted() {
    var told = findings.stream().map(RunResult::identity).collect(Collectors.toSet());
    return Stream.concat(
            findings.stream(),
            steps.stream()
                .flatMap(step -> step.findings().stream())
                .filter(finding -> !told.contains(identity(finding))))
        .toList();
  }

  /** By the rule, where there is one: messages differ. */
  private static List<Object> identity(Finding finding) {
    return List.of(finding.place(), finding.rule().isEmpty() ? finding.message() : finding.rule());
  }

  boolean isSuccess() {
    return steps.stream().allMatch(s -> s.status().isSuccess());
  }

  /**
   * One command and its end.
   *
   * @param step the command
   * @param status how it ended
   * @param began when it was started, counted from the run's beginning
   * @param duration how long it took
   * @param tail the last lines that it printed, safe to show
   * @param findings what it found, if it is a linter
   */
  record StepResult(
      Step step,
      ExitStatus status,
      Duration began,
      Duration duration,
      List<String> tail,
      List<Finding> findings) {

    StepResult {
      tail = List.copyOf(tail);
      findings = List.copyOf(findings);
    }

    StepResult(Step step, ExitStatus status, Duration began, Duration duration, List<String> tail) {
      this(step, status, began, duration, tail, List.of());
    }
  }
}

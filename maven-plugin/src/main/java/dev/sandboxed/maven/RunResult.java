package dev.sandboxed.maven;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.report.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * How a run ended.
 *
 * @param recognised what the project was taken for, such as {@code Maven}
 * @param began when the first command was started
 * @param steps each command with its end
 * @param reports what was collected
 * @param connections what was tried to reach
 * @param duration how long the commands took
 */
record RunResult(
    String recognised,
    Instant began,
    List<StepResult> steps,
    CollectedReports reports,
    ConnectionReport connections,
    Duration duration) {

  RunResult {
    steps = List.copyOf(steps);
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

package dev.sandboxed.maven;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.maven.project.Step;
import java.time.Duration;
import java.util.List;

/**
 * How a run ended.
 *
 * @param steps each command with its end
 * @param reports what was collected
 * @param connections what was tried to reach
 * @param duration how long the commands took
 */
record RunResult(
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
   * @param tail the last lines that it printed, safe to show
   */
  record StepResult(Step step, ExitStatus status, List<String> tail) {

    StepResult {
      tail = List.copyOf(tail);
    }
  }
}

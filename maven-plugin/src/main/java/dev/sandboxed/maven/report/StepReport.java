package dev.sandboxed.maven.report;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.maven.project.Phase;
import java.time.Duration;
import java.util.List;

/**
 * One command of a run and its end.
 *
 * @param phase what it was for
 * @param name what people call it
 * @param command the command as a shell would read it, without secrets
 * @param status how it ended
 * @param began when it was started, counted from the run's beginning
 * @param duration how long it took
 * @param output the last lines that it printed, safe to show
 */
public record StepReport(
    Phase phase,
    String name,
    String command,
    ExitStatus status,
    Duration began,
    Duration duration,
    List<String> output) {

  /** Copies the list. */
  public StepReport {
    output = List.copyOf(output);
  }
}

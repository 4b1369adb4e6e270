package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;

/**
 * How a test suite is run.
 *
 * @param steps the commands, each of which must succeed; all are run
 * @param env what they find in their environment
 * @param reports where they leave their results
 * @param notes what was decided and is not plain from the commands, for people to read before they
 *     run; may hold text of the project
 * @param sarif the paths, in the project, of files in which commands tell what they find
 */
public record TestPlan(
    List<Step> steps,
    Map<String, String> env,
    ReportSource reports,
    List<String> notes,
    List<String> sarif) {

  /** Copies the collections. */
  public TestPlan {
    steps = List.copyOf(steps);
    env = Map.copyOf(env);
    notes = List.copyOf(notes);
    sarif = List.copyOf(sarif);
  }

  /**
   * Makes a plan without such files.
   *
   * @param steps the commands
   * @param env what they find in their environment
   * @param reports where they leave their results
   * @param notes what was decided
   */
  public TestPlan(
      List<Step> steps, Map<String, String> env, ReportSource reports, List<String> notes) {
    this(steps, env, reports, notes, List.of());
  }

  /**
   * Makes a plan whose commands say it all.
   *
   * @param steps the commands
   * @param env what they find in their environment
   * @param reports where they leave their results
   */
  public TestPlan(List<Step> steps, Map<String, String> env, ReportSource reports) {
    this(steps, env, reports, List.of());
  }
}

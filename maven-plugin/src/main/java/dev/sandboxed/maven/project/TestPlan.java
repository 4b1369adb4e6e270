package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;

/**
 * How a test suite is run.
 *
 * @param steps the commands, each of which must succeed; all are run
 * @param env what they find in their environment
 * @param reports where they leave their results
 */
public record TestPlan(List<Step> steps, Map<String, String> env, ReportSource reports) {

  /** Copies the collections. */
  public TestPlan {
    steps = List.copyOf(steps);
    env = Map.copyOf(env);
  }
}

package dev.sandboxed.maven;

import dev.sandboxed.Sandbox;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.project.TestPlan;
import dev.sandboxed.maven.project.WarmUp;
import java.util.List;
import java.util.Optional;

/**
 * A sandbox with a checkout in it, and the plan that was made for it.
 *
 * @param sandbox the sandbox
 * @param plan what there is to run
 * @param inside what planners see of it
 * @param sees what it has, for people
 * @param warm the build tool that waits in it; empty if none does
 */
record Workplace(
    Sandbox sandbox, TestPlan plan, LiveInside inside, String sees, Optional<WarmUp> warm)
    implements AutoCloseable {

  /** Returns how a step is called here. */
  List<String> command(Step step) {
    return warm.flatMap(tool -> tool.command(step)).orElse(step.command());
  }

  /** Ends the sandbox. */
  @Override
  public void close() {
    sandbox.close();
  }
}

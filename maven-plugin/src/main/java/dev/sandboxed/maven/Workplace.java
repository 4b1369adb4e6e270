package dev.sandboxed.maven;

import dev.sandboxed.Sandbox;
import dev.sandboxed.maven.project.TestPlan;

/**
 * A sandbox with a checkout in it, and the plan that was made for it.
 *
 * @param sandbox the sandbox
 * @param plan what there is to run
 * @param inside what planners see of it
 * @param sees what it has, for people
 */
record Workplace(Sandbox sandbox, TestPlan plan, LiveInside inside, String sees)
    implements AutoCloseable {

  /** Ends the sandbox. */
  @Override
  public void close() {
    sandbox.close();
  }
}

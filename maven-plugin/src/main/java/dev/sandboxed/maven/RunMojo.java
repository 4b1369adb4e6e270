package dev.sandboxed.maven;

import dev.sandboxed.maven.project.Phase;
import java.util.Set;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Runs the test suite and the linters of this project, or of another directory, in gVisor
 * sandboxes: own kernels, own copies of the checkout, no network unless {@code sandbox.network}
 * opens one. What they depend on is installed before, in a sandbox that reaches the servers of the
 * build tools.
 *
 * <p>Projects are recognised by their files. Test results are collected as JUnit XML.
 */
@Mojo(
    name = "run",
    defaultPhase = LifecyclePhase.VERIFY,
    requiresProject = false,
    aggregator = true,
    threadSafe = true)
public final class RunMojo extends AbstractRunMojo {
  /** Made by Maven. */
  public RunMojo() {}

  @Override
  Set<Phase> phases() {
    return Set.of(Phase.values());
  }
}

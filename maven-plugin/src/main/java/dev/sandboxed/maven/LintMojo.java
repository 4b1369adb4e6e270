package dev.sandboxed.maven;

import dev.sandboxed.maven.project.Phase;
import java.util.Set;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Runs the linters of this project, or of another directory, as {@code sandbox:run} does, but not
 * its tests.
 */
@Mojo(
    name = "lint",
    defaultPhase = LifecyclePhase.VERIFY,
    requiresProject = false,
    aggregator = true,
    threadSafe = true)
public final class LintMojo extends AbstractRunMojo {
  /** Made by Maven. */
  public LintMojo() {}

  @Override
  Set<Phase> phases() {
    return Set.of(Phase.LINT);
  }
}

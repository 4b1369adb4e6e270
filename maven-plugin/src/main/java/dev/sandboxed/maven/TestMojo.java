package dev.sandboxed.maven;

import dev.sandboxed.maven.project.Phase;
import java.util.Set;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Runs the test suite of this project, or of another directory, as {@code sandbox:run} does, but
 * not its linters.
 */
@Mojo(
    name = "test",
    defaultPhase = LifecyclePhase.TEST,
    requiresProject = false,
    aggregator = true,
    threadSafe = true)
public final class TestMojo extends AbstractRunMojo {
  /** Made by Maven. */
  public TestMojo() {}

  @Override
  Set<Phase> phases() {
    return Set.of(Phase.TEST);
  }
}

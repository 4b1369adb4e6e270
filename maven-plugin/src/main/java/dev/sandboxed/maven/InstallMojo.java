package dev.sandboxed.maven;

import dev.sandboxed.maven.project.Phase;
import java.util.Set;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Installs what the tests and linters of this project, or of another directory, depend on, as
 * {@code sandbox:run} does, and runs nothing else: the next run finds it.
 */
@Mojo(
    name = "install",
    defaultPhase = LifecyclePhase.INITIALIZE,
    requiresProject = false,
    aggregator = true,
    threadSafe = true)
public final class InstallMojo extends AbstractRunMojo {
  /** Made by Maven. */
  public InstallMojo() {}

  @Override
  Set<Phase> phases() {
    return Set.of(Phase.INSTALL);
  }
}

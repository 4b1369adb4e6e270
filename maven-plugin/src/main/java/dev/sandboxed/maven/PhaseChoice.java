package dev.sandboxed.maven;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.Step;
import java.util.List;
import java.util.Set;

/**
 * What of a plan is run.
 *
 * @param phases the phases whose results are wanted; what they need is installed in any case
 * @param install how it is
 */
record PhaseChoice(Set<Phase> phases, InstallMode install) {
  /** Everything, with a network for the installation. */
  static final PhaseChoice ALL = new PhaseChoice(Set.of(Phase.values()), InstallMode.NETWORK);

  PhaseChoice {
    phases = Set.copyOf(phases);
  }

  /**
   * Returns what a command is for that runs in the place of a plan.
   *
   * @throws InvalidSpecException if it would not be run
   */
  Phase ofCommand() {
    if (phases.contains(Phase.TEST)) {
      return Phase.TEST;
    }
    if (phases.contains(Phase.LINT)) {
      return Phase.LINT;
    }
    throw new InvalidSpecException(
        "sandbox.command runs in the place of tests or linters, and this goal runs neither; leave"
            + " it out, or use sandbox:run");
  }

  /**
   * Returns whether things are installed in a sandbox of their own. What may change the host's
   * checkout installs into that.
   */
  boolean installsApart(RunConfiguration configuration) {
    return install != InstallMode.CACHES && !configuration.writable();
  }

  /** Returns the steps of a phase that are to run. */
  List<Step> of(Phase phase, List<Step> steps) {
    return phases.contains(phase) || phase == Phase.INSTALL
        ? steps.stream().filter(s -> s.phase() == phase).toList()
        : List.of();
  }
}

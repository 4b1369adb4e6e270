package dev.sandboxed.maven;

import dev.sandboxed.maven.project.Inside;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.Step;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What installs the dependencies of a project.
 *
 * @param steps the commands
 * @param env what they find in their environment
 * @param files what they read besides the checkout: texts by their paths inside
 */
record PlannedInstallation(List<Step> steps, Map<String, String> env, Map<String, String> files) {
  /** Installs nothing. */
  static final PlannedInstallation NONE = new PlannedInstallation(List.of(), Map.of(), Map.of());

  PlannedInstallation {
    steps = List.copyOf(steps);
    env = Map.copyOf(env);
    // In the order in which they are written.
    files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
  }

  /** Plans it for a sandbox that reaches the servers of the build tools. */
  static PlannedInstallation of(Recognition recognition, Inside inside) {
    var online = new Online(inside);
    var plan = recognition.planner().plan(online);
    return new PlannedInstallation(
        plan.steps().stream().filter(s -> s.phase() == Phase.INSTALL).toList(),
        plan.env(),
        online.written);
  }

  /** Looks into a sandbox on behalf of another that has a network, and notes what is written. */
  private static final class Online implements Inside {
    private final Inside inside;
    private final Map<String, String> written = new LinkedHashMap<>();

    private Online(Inside inside) {
      this.inside = inside;
    }

    @Override
    public boolean succeeds(List<String> command, Map<String, String> env) {
      return inside.succeeds(command, env);
    }

    @Override
    public boolean online() {
      return true;
    }

    @Override
    public void write(String path, String text) {
      written.put(path, text);
    }
  }
}

package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.List;

/**
 * The linters that a project has configured: those that are there become steps of its plan, the
 * others are noted. Not thread-safe.
 */
final class Linters {
  private final List<Step> steps = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  /**
   * Adds a linter that is there.
   *
   * @param configuration the file that configures it
   */
  void add(String name, String configuration, List<String> command) {
    add(Step.of(Phase.LINT, name, command), configuration);
  }

  /** Adds a linter that is there, and perhaps tells programs what it finds. */
  void add(Step linter, String configuration) {
    steps.add(linter);
    var name = linter.name();
    notes.add("%s is run, as %s configures it".formatted(name, configuration));
  }

  /**
   * Notes a linter that is not there.
   *
   * @param configuration the file that configures it
   */
  void miss(String name, String configuration) {
    notes.add(
        "%s is not run: %s configures it, but it is not there".formatted(name, configuration));
  }

  /** Returns the steps. */
  List<Step> steps() {
    return List.copyOf(steps);
  }

  /** Returns what there is to say about them. */
  List<String> notes() {
    return List.copyOf(notes);
  }
}

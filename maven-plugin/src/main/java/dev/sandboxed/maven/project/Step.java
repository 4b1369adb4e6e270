package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;

/**
 * A command of a plan.
 *
 * @param command the program and its arguments
 * @param env what it finds in its environment besides the plan's
 * @param output what it prints
 */
public record Step(List<String> command, Map<String, String> env, OutputFormat output) {

  /** What a command prints. */
  public enum OutputFormat {
    /** Lines for people. */
    TEXT,
    /** The events of {@code go test -json}. */
    GO_TEST_EVENTS
  }

  /** Copies the collections. */
  public Step {
    command = List.copyOf(command);
    env = Map.copyOf(env);
  }

  static Step of(String... command) {
    return new Step(List.of(command), Map.of(), OutputFormat.TEXT);
  }
}

package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command of a plan.
 *
 * @param phase what it is for
 * @param name what people call it, such as {@code npm ci} or {@code ruff}
 * @param command the program and its arguments
 * @param env what it finds in its environment besides the plan's
 * @param output what it prints
 * @param sarif how it tells the same to programs, if it does
 */
public record Step(
    Phase phase,
    String name,
    List<String> command,
    Map<String, String> env,
    OutputFormat output,
    Optional<SarifOutput> sarif) {

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

  /**
   * Makes a step that tells nothing to programs.
   *
   * @param phase what it is for
   * @param name what people call it
   * @param command the program and its arguments
   * @param env what it finds in its environment besides the plan's
   * @param output what it prints
   */
  public Step(
      Phase phase,
      String name,
      List<String> command,
      Map<String, String> env,
      OutputFormat output) {
    this(phase, name, command, env, output, Optional.empty());
  }

  /**
   * Makes a step of a command that prints lines for people.
   *
   * @param phase what it is for
   * @param name what people call it
   * @param command the program and its arguments
   * @return the step
   */
  public static Step of(Phase phase, String name, List<String> command) {
    return new Step(phase, name, command, Map.of(), OutputFormat.TEXT);
  }

  /** Returns the same step, which also tells programs what it finds. */
  Step with(SarifOutput told) {
    return new Step(phase, name, command, env, output, Optional.of(told));
  }

  static Step of(Phase phase, String name, String... command) {
    return of(phase, name, List.of(command));
  }
}

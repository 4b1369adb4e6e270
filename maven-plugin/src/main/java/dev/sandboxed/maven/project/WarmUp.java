package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How a build tool runs before it is needed, so that a snapshot of its memory can be taken.
 *
 * @param program how the tool is called inside
 * @param command what is started once: it prints {@link #READY} when the tool is warm, or cannot be
 * @param client what is put in front of a command that calls the tool, and then asks the warm one
 * @param texts files that both need: texts by their names in {@link Layout#WARM}
 * @param launcher a class of ours that is needed there too; it has no others in it
 */
public record WarmUp(
    String program,
    List<String> command,
    List<String> client,
    Map<String, String> texts,
    Class<?> launcher) {
  /** Ends the wait for the tool. */
  public static final String READY = "sandboxed: ready";

  /** Copies the collections. */
  public WarmUp {
    command = List.copyOf(command);
    client = List.copyOf(client);
    texts = Map.copyOf(texts);
  }

  /**
   * Returns how a step is called where the tool is warm.
   *
   * @param step the step
   * @return its command, with the client in front; empty if it has nothing to do with the tool, or
   *     gives it an environment of its own
   */
  public Optional<List<String>> command(Step step) {
    var isIts = step.command().get(0).equals(program) && step.env().isEmpty();
    return isIts
        ? Optional.of(Stream.concat(client.stream(), step.command().stream()).toList())
        : Optional.empty();
  }
}

package dev.sandboxed.maven.recall;

import dev.sandboxed.maven.project.Layout;
import java.util.List;
import java.util.Map;

/**
 * What a planner asked of a sandbox.
 *
 * @param command what was run to see whether it succeeds
 * @param env what it found in its environment
 */
public record Question(List<String> command, Map<String, String> env) {

  /** Copies the collections. */
  public Question {
    command = List.copyOf(command);
    env = Map.copyOf(env);
  }

  /**
   * Returns whether the answer hangs on a file of the checkout that the question names: it is
   * another one when that file is.
   */
  boolean isAboutTheCheckout() {
    return command.stream().anyMatch(argument -> argument.startsWith(Layout.CHECKOUT + "/"));
  }

  String digest() {
    return new Fingerprint("question").texts(command).entries(env).hex();
  }
}

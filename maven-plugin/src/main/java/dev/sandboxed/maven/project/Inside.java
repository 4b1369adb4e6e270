package dev.sandboxed.maven.project;

import java.util.List;
import java.util.Map;

/** What a planner may ask of the sandbox that its plan will run in. */
public interface Inside {

  /**
   * Runs a short command to see whether it succeeds.
   *
   * @param command the program and its arguments
   * @param env what it finds in its environment
   * @return whether it is there and ended with the code 0
   */
  boolean succeeds(List<String> command, Map<String, String> env);

  /**
   * Returns whether build tools reach their servers.
   *
   * @return false if they must do with the host's caches
   */
  boolean online();

  /**
   * Writes a file outside of the checkout.
   *
   * @param path its absolute path inside, below {@link Layout#SCRATCH}
   * @param text its content
   */
  void write(String path, String text);
}

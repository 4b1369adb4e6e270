package dev.sandboxed.maven.project;

import java.util.List;

/**
 * How a linter tells as SARIF what it prints for people.
 *
 * @param command what writes the file after the linter has run, quietly; empty if the linter itself
 *     does
 * @param path the absolute path of the file inside
 */
public record SarifOutput(List<String> command, String path) {
  /** Copies the list. */
  public SarifOutput {
    command = List.copyOf(command);
  }

  /** Returns where a linter's file goes. */
  static String path(String linter) {
    return Layout.SCRATCH + "/reports/" + linter + ".sarif";
  }
}

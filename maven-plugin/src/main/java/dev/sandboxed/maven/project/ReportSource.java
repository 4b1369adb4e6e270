package dev.sandboxed.maven.project;

import java.util.Set;

/** Where a plan's steps leave their test results. */
public sealed interface ReportSource {

  /**
   * Nowhere: only the exit code tells.
   *
   * @param reason why, for people
   */
  record None(String reason) implements ReportSource {}

  /**
   * In JUnit XML files of the project's tree.
   *
   * @param directories the names of the directories that hold them, wherever they are
   */
  record Tree(Set<String> directories) implements ReportSource {
    /** Copies the set. */
    public Tree {
      directories = Set.copyOf(directories);
    }
  }

  /**
   * In one JUnit XML file.
   *
   * @param path its absolute path inside
   */
  record File(String path) implements ReportSource {}

  /** In the events that the steps print. */
  record Events() implements ReportSource {}
}

package dev.sandboxed.maven.report;

import java.util.Optional;

/**
 * What a test or a linter found. All texts are without secrets, and safe to show on a terminal.
 *
 * @param tool what found it, such as {@code ruff}, or {@code tests}
 * @param rule the rule that was broken, or the test; may be empty
 * @param level how bad it is
 * @param message what was found, in a line
 * @param place where; empty if that is not known
 */
public record Finding(
    String tool, String rule, Level level, String message, Optional<Place> place) {

  /** The tool that stands for a test which failed or broke. */
  public static final String TESTS = "tests";

  /**
   * Tells tests from linters.
   *
   * @return whether a test found it
   */
  public boolean isTest() {
    return tool.equals(TESTS);
  }

  /** How bad it is. */
  public enum Level {
    /** It has to be mended. */
    ERROR,
    /** It should be mended. */
    WARNING,
    /** It is worth knowing. */
    NOTE
  }

  /**
   * A place in the checkout.
   *
   * @param path a file, relative to the checkout, with {@code /} between its parts and no {@code
   *     ..}; it need not exist
   * @param line a line of it, from 1; 0 for the whole file
   */
  public record Place(String path, int line) {}
}

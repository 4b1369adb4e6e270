package dev.sandboxed.maven.report;

import dev.sandboxed.maven.project.Phase;
import java.util.Collection;
import java.util.stream.Stream;

/** How a run ended as a whole: what of several failures has to be mended first. */
public enum Verdict {
  /** All commands succeeded. */
  PASSED(0),
  /** Nothing was run: a tool is missing, and projects without their tools are to be skipped. */
  SKIPPED(0),
  /** Tests failed, or the command that runs them. */
  TESTS_FAILED(1),
  /** The tests passed, and a linter found something or broke. */
  LINT_FAILED(2),
  /** What the tests need could not be installed. */
  INSTALL_FAILED(3),
  /** The sandbox, this machine or a parameter was to blame; nothing is known of the project. */
  ERROR(4);

  private final int exitCode;

  Verdict(int exitCode) {
    this.exitCode = exitCode;
  }

  /**
   * Returns the number for scripts, which a later version will not change.
   *
   * @return 0 to 4
   */
  public int exitCode() {
    return exitCode;
  }

  /**
   * Judges by the phases that have failed.
   *
   * @param failed their phases
   * @return an installation's failure before one of tests, and that before one of linters
   */
  public static Verdict of(Collection<Phase> failed) {
    if (failed.contains(Phase.INSTALL)) {
      return INSTALL_FAILED;
    }
    if (failed.contains(Phase.TEST)) {
      return TESTS_FAILED;
    }
    return failed.contains(Phase.LINT) ? LINT_FAILED : PASSED;
  }

  /**
   * Judges several runs together.
   *
   * @param verdicts how each ended
   * @return what has to be mended first, as in a single run; skipped if all were
   */
  public static Verdict worst(Collection<Verdict> verdicts) {
    return Stream.of(ERROR, INSTALL_FAILED, TESTS_FAILED, LINT_FAILED, PASSED)
        .filter(verdicts::contains)
        .findFirst()
        .orElse(SKIPPED);
  }
}

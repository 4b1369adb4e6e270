package dev.sandboxed.maven.report;

/** How a test ended. */
public enum Outcome {
  /** As it should. */
  PASSED,
  /** What it checks does not hold. */
  FAILED,
  /** It broke before it could tell. */
  ERROR,
  /** It did not run. */
  SKIPPED
}

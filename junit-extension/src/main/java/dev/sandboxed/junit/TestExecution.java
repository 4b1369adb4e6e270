package dev.sandboxed.junit;

/** Where the code of a test runs; see {@link Sandboxed#execution}. */
public enum TestExecution {
  /** As an enclosing declaration or the configuration says, else {@link #OUTSIDE}. */
  DEFAULT,
  /** In the JVM that runs all tests, with a sandbox to use. */
  OUTSIDE,
  /** In a JVM of its own in a sandbox, with the methods that run before and after it. */
  INSIDE
}

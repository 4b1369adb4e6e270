package dev.sandboxed.maven.project;

/** What a step of a plan is for. */
public enum Phase {
  /** Makes what tests and linters need: the only phase that may need a network. */
  INSTALL,
  /** Runs tests. */
  TEST,
  /** Looks at the sources without running them. */
  LINT
}

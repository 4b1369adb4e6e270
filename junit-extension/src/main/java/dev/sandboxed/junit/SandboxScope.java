package dev.sandboxed.junit;

/** How long a sandbox of {@link Sandboxed @Sandboxed} lives, and so which tests share it. */
public enum SandboxScope {
  /**
   * What the enclosing annotations or the configuration parameter {@value
   * Sandboxed#SCOPE_PROPERTY_NAME} say; {@link #METHOD} unless they say anything.
   */
  DEFAULT,
  /** A fresh sandbox for every test method, and for every invocation of one that is repeated. */
  METHOD,
  /**
   * One sandbox for all tests of the class that carries the annotation, with its nested classes; it
   * is ended after the last of them.
   */
  CLASS
}

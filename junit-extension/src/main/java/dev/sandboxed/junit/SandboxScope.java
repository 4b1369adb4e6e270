package dev.sandboxed.junit;

/**
 * How long a sandbox of {@link Sandboxed @Sandboxed} lives, and so which tests share it.
 *
 * <p>{@link #HIERARCHY}, {@link #EXECUTION} and {@link #SESSION} are for what is dear to start and
 * not spoilt by its users. Their sandboxes have 24 hours unless {@link Sandboxed#timeout} or its
 * configuration parameter is set; one that has ended is replaced when it is next asked for.
 */
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
  CLASS,
  /**
   * One sandbox for all test classes that inherit the annotation: those that extend the class, or
   * implement the interface, that carries it, or in which the annotated field or method is. A class
   * for which other settings apply has another one. It is ended with the execution of the engine.
   */
  HIERARCHY,
  /**
   * One sandbox for all that ask for equal settings, whatever their classes, in one execution of
   * the engine; it is ended with that.
   */
  EXECUTION,
  /**
   * One sandbox for all that ask for equal settings in one session of JUnit's launcher, which may
   * execute tests several times; it is ended with the session.
   */
  SESSION;

  /** Returns whether classes that have nothing else in common may share the sandbox. */
  boolean isSharedByClasses() {
    return compareTo(CLASS) > 0;
  }
}

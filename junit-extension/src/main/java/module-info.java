/** Sandboxes for JUnit tests. */
module dev.sandboxed.junit {
  requires transitive dev.sandboxed.core;
  requires dev.sandboxed.gvisor;
  requires transitive org.junit.jupiter.api;

  exports dev.sandboxed.junit;

  // JUnit instantiates the extension behind the annotation.
  opens dev.sandboxed.junit to
      org.junit.platform.commons;
}

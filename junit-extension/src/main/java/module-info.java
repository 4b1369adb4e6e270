/** Sandboxes for JUnit tests. */
module dev.sandboxed.junit {
  requires transitive dev.sandboxed.core;
  requires dev.sandboxed.gvisor;
  requires transitive org.junit.jupiter.api;
}

/** AssertJ assertions for sandboxes. */
module dev.sandboxed.assertj {
  requires transitive dev.sandboxed.core;
  requires transitive org.assertj.core;

  exports dev.sandboxed.assertj;

  // AssertJ makes subclasses of the assertions that gather failures.
  opens dev.sandboxed.assertj to
      org.assertj.core;
}

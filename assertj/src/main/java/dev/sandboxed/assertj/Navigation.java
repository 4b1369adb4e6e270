package dev.sandboxed.assertj;

import java.util.List;
import org.assertj.core.api.ListAssert;
import org.assertj.core.api.SoftAssertionsProvider;
import org.assertj.core.api.StringAssert;

/** Begins the assertions that others go on with. */
interface Navigation {
  /** Begins those that throw at once. */
  Navigation HARD =
      new Navigation() {
        @Override
        public StringAssert text(String text) {
          return new StringAssert(text);
        }

        @Override
        public ListAssert<String> names(List<String> names) {
          return new ListAssert<>(names);
        }

        @Override
        public SandboxFileAssert file(SandboxPath path) {
          return new SandboxFileAssert(path);
        }
      };

  StringAssert text(String text);

  ListAssert<String> names(List<String> names);

  SandboxFileAssert file(SandboxPath path);

  /** Begins those whose failures are gathered. */
  static Navigation soft(SoftAssertionsProvider softly) {
    return new Navigation() {
      @Override
      public StringAssert text(String text) {
        return softly.proxy(StringAssert.class, String.class, text);
      }

      @Override
      @SuppressWarnings("unchecked") // The class of an assertion on a list does not say of what.
      public ListAssert<String> names(List<String> names) {
        return softly.proxy(ListAssert.class, List.class, names);
      }

      @Override
      public SandboxFileAssert file(SandboxPath path) {
        var assertions = softly.proxy(SandboxFileAssert.class, SandboxPath.class, path);
        assertions.navigation = this;
        return assertions;
      }
    };
  }
}

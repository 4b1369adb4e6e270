package dev.sandboxed.junit;

import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tells whether a test runs in a sandbox itself, and refuses what has no meaning there. */
final class InsideBody {
  /** The configuration parameter that a JVM inside sets. */
  private static final String PARAMETER = "sandboxed.inside.body";

  private InsideBody() {}

  /** Refuses to run here what is declared to run inside, however that came about. */
  static void requireInside(ExtensionContext context) {
    if (isInside(context)) {
      return;
    }
    var classes = Request.classes(context);
    var declared =
        context
            .getTestMethod()
            .map(m -> DeclaredSandbox.of(m, classes, context::getConfigurationParameter))
            .orElseGet(() -> DeclaredSandbox.of(classes, context::getConfigurationParameter));
    if (context.getTestMethod().isPresent() && declared.execution() == TestExecution.INSIDE) {
      throw new ExtensionConfigurationException(
          "%s is to run inside a sandbox, but Jupiter's own engine runs it; run it by JUnit's launcher, with the engine sandboxed-inside not excluded"
              .formatted(Declared.name(context.getRequiredTestMethod())));
    }
  }

  /** Refuses to start a sandbox in a sandbox. */
  static void requireOutside(ExtensionContext context, String subject) {
    if (isInside(context)) {
      throw new ExtensionConfigurationException(
          "%s cannot have a sandbox to use, since the test runs in one itself; leave the field or parameter out, or set execution = TestExecution.OUTSIDE"
              .formatted(subject));
    }
  }

  private static boolean isInside(ExtensionContext context) {
    return context.getConfigurationParameter(PARAMETER).isPresent();
  }
}

package dev.sandboxed.junit;

import dev.sandboxed.Backends;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * The backend of a round of {@link EveryBackend @EveryBackend}.
 *
 * @param name the backend's
 * @param round JUnit's unique id of the round
 */
record RoundBackend(String name, String round) {
  private static final Namespace NAMESPACE = Namespace.create(EveryBackend.class);

  /** Lets what runs below the context use a backend. */
  static void choose(String name, ExtensionContext context) {
    context
        .getStore(NAMESPACE)
        .put(RoundBackend.class, new RoundBackend(name, context.getUniqueId()));
  }

  private static @Nullable RoundBackend of(ExtensionContext context) {
    return context.getStore(NAMESPACE).get(RoundBackend.class, RoundBackend.class);
  }

  /** Returns whether the context is of a round, and not of what is inside of it or around it. */
  static boolean isRound(ExtensionContext context) {
    var chosen = of(context);
    return chosen != null && chosen.round().equals(context.getUniqueId());
  }

  /** Returns whether the context's class has rounds, and none has begun. */
  static boolean isAroundRounds(ExtensionContext context) {
    return of(context) == null
        && Request.classes(context).stream()
            .anyMatch(type -> AnnotationSupport.isAnnotated(type, EveryBackend.class));
  }

  /**
   * Returns JUnit's configuration parameter of a name; in a round that of the backend is the
   * round's.
   *
   * @throws ExtensionConfigurationException for the backend, if there is none because the context
   *     is around the rounds
   */
  static Optional<String> parameter(String name, ExtensionContext context) {
    if (!name.equals(Backends.BACKEND_PROPERTY)) {
      return context.getConfigurationParameter(name);
    }
    if (isAroundRounds(context)) {
      throw new ExtensionConfigurationException(
          "%s is run on every backend, and what JUnit runs once for all of them has no sandbox: @BeforeAll and @AfterAll methods, static fields, an instance for the whole class; ask for it in @BeforeEach, in an instance field or in the tests, with scope = SandboxScope.CLASS if they share one"
              .formatted(Declared.name(context.getRequiredTestClass())));
    }
    var chosen = of(context);
    return chosen == null ? context.getConfigurationParameter(name) : Optional.of(chosen.name());
  }
}

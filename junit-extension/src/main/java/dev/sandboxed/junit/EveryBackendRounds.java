package dev.sandboxed.junit;

import dev.sandboxed.Backends;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ClassTemplateInvocationContext;
import org.junit.jupiter.api.extension.ClassTemplateInvocationContextProvider;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Runs the classes with {@link EveryBackend @EveryBackend}. */
class EveryBackendRounds implements ClassTemplateInvocationContextProvider {

  @Override
  public boolean supportsClassTemplate(ExtensionContext context) {
    return AnnotationSupport.isAnnotated(context.getRequiredTestClass(), EveryBackend.class);
  }

  @Override
  public Stream<Round> provideClassTemplateInvocationContexts(ExtensionContext context) {
    return Backends.names().stream().map(Round::new);
  }

  /** One round, on the backend of a name. */
  record Round(String backend) implements ClassTemplateInvocationContext {

    @Override
    public String getDisplayName(int invocationIndex) {
      return backend;
    }

    @Override
    public void prepareInvocation(ExtensionContext context) {
      RoundBackend.choose(backend, context);
    }
  }
}

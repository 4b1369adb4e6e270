package dev.sandboxed.junit.inside;

import dev.sandboxed.junit.DeclaredSandbox;
import dev.sandboxed.junit.TestExecution;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;

/** Tells from Jupiter's descriptors which tests run inside; no class is initialised for it. */
final class InsideTests {
  private final Function<String, Optional<String>> configuration;

  InsideTests(Function<String, Optional<String>> configuration) {
    this.configuration = configuration;
  }

  /** Returns whether a descriptor is of a method, or of a class, that runs inside. */
  boolean isInside(TestDescriptor descriptor) {
    return !classes(descriptor).isEmpty()
        && declared(descriptor).execution() == TestExecution.INSIDE;
  }

  /** Returns what is said about the method or class of a descriptor. */
  DeclaredSandbox declared(TestDescriptor descriptor) {
    var classes = classes(descriptor);
    return method(descriptor)
        .map(m -> DeclaredSandbox.of(m, classes, configuration))
        .orElseGet(() -> DeclaredSandbox.of(classes, configuration));
  }

  private static Optional<Method> method(TestDescriptor descriptor) {
    return descriptor
        .getSource()
        .filter(MethodSource.class::isInstance)
        .map(s -> ((MethodSource) s).getJavaMethod());
  }

  /** Returns the classes of a descriptor and of those around it, the innermost first. */
  private static List<Class<?>> classes(TestDescriptor descriptor) {
    var classes = new ArrayList<Class<?>>();
    var next = Optional.of(descriptor);
    while (next.isPresent()) {
      next.get()
          .getSource()
          .filter(ClassSource.class::isInstance)
          .map(s -> ((ClassSource) s).getJavaClass())
          .ifPresent(classes::add);
      next = next.get().getParent();
    }
    return classes;
  }
}

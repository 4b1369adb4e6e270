package dev.sandboxed.junit.plan;

import java.lang.reflect.Method;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;

/** Knows which tests were chosen to run. */
@FunctionalInterface
public interface PlannedTests {

  /**
   * Returns the test methods of a class.
   *
   * @param classId JUnit's unique id of the class
   * @return the methods; empty if the class is not known
   */
  Set<Method> methodsOf(String classId);

  /**
   * Returns the test methods that will run in a class, or all that it has where nobody says which
   * were chosen, as without JUnit's launcher.
   */
  static Set<Method> of(ExtensionContext classContext) {
    var planned =
        classContext
            .getStore(StoreScope.LAUNCHER_SESSION, Namespace.create(PlannedTests.class))
            .get(PlannedTests.class, PlannedTests.class);
    var chosen = planned == null ? Set.<Method>of() : planned.methodsOf(classContext.getUniqueId());
    return chosen.isEmpty() ? Set.copyOf(all(classContext.getRequiredTestClass())) : chosen;
  }

  private static Set<Method> all(Class<?> type) {
    return AnnotationSupport.findAnnotatedMethods(
            type, Testable.class, HierarchyTraversalMode.TOP_DOWN)
        .stream()
        .collect(Collectors.toSet());
  }
}

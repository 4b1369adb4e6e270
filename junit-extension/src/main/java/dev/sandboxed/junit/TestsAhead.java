package dev.sandboxed.junit;

import dev.sandboxed.junit.plan.PlannedTests;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;

/**
 * The tests of one class that have not begun, and what they will ask for; its store closes it with
 * the class. Thread-safe.
 */
@SuppressWarnings("deprecation") // Closed also where JUnit is told not to close AutoCloseables.
final class TestsAhead implements ExtensionContext.Store.CloseableResource, AutoCloseable {
  private static final Namespace NAMESPACE = Namespace.create(TestsAhead.class);

  private final ExtensionContext classContext;
  private final WarmPool pool;
  private final Set<Method> planned;
  private final Map<Method, Set<String>> begun = new HashMap<>();

  private TestsAhead(ExtensionContext classContext) {
    this.classContext = classContext;
    pool = WarmPool.of(classContext);
    planned = PlannedTests.of(classContext);
  }

  /** Returns those of the class that a test belongs to. */
  static TestsAhead of(ExtensionContext context) {
    var found = context;
    while (found.getTestMethod().isPresent()) {
      found = found.getParent().orElseThrow();
    }
    var classContext = found;
    return classContext
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(
            classContext.getUniqueId(), id -> new TestsAhead(classContext), TestsAhead.class);
  }

  /** Returns the pool that has what these tests ask for. */
  WarmPool pool() {
    return pool;
  }

  /** Returns JUnit's unique id of the class. */
  String classId() {
    return classContext.getUniqueId();
  }

  /**
   * Notes that a test has begun.
   *
   * @return how many that have not will ask for the same
   */
  synchronized int begin(Request request, ExtensionContext test) {
    var current = test.getRequiredTestMethod();
    begun.computeIfAbsent(current, m -> new HashSet<>()).add(test.getUniqueId());
    var asks = asksForTheSame(request, current);
    return planned.stream().filter(asks).mapToInt(m -> left(m, current)).sum();
  }

  private int left(Method method, Method current) {
    var seen = begun.getOrDefault(method, Set.of()).size();
    var repeated = AnnotationSupport.findAnnotation(method, RepeatedTest.class);
    if (AnnotationSupport.isAnnotated(method, Disabled.class)) {
      return 0;
    }
    if (repeated.isEmpty() && AnnotationSupport.isAnnotated(method, TestTemplate.class)) {
      // Nobody knows how many; rarely is it one.
      return seen == 0 || method.equals(current) ? 1 : 0;
    }
    return Math.max(0, repeated.map(RepeatedTest::value).orElse(1) - seen);
  }

  /** Says which other tests will ask for what the current one asks for. */
  private Predicate<Method> asksForTheSame(Request request, Method current) {
    if (request.key() instanceof Field) {
      return method -> true;
    }
    if (request.key() instanceof Parameter own) {
      var executable = own.getDeclaringExecutable();
      return method -> !isTest(executable) || method.equals(executable);
    }
    if (isDeclared(current)) {
      return current::equals;
    }
    var everyTestAsks = everyTestAsks();
    return method -> !isDeclared(method) && (everyTestAsks || asks(method));
  }

  private static boolean isDeclared(Method method) {
    return !Declared.on(method, "").isEmpty();
  }

  /** Returns whether the sandbox that has no annotation of its own is needed by any test. */
  private boolean everyTestAsks() {
    var type = classContext.getRequiredTestClass();
    return Stream.of(
                Stream.of(type.getDeclaredConstructors()),
                methods(type, BeforeEach.class),
                methods(type, AfterEach.class))
            .flatMap(s -> s)
            .anyMatch(TestsAhead::asks)
        || !AnnotationSupport.findAnnotatedFields(
                type,
                Tunnel.class,
                f -> !AnnotationSupport.isAnnotated(f, Sandboxed.class),
                HierarchyTraversalMode.TOP_DOWN)
            .isEmpty();
  }

  private static Stream<Method> methods(
      Class<?> type, Class<? extends java.lang.annotation.Annotation> annotation) {
    return AnnotationSupport.findAnnotatedMethods(type, annotation, HierarchyTraversalMode.TOP_DOWN)
        .stream();
  }

  private static boolean asks(Executable executable) {
    return Stream.of(executable.getParameters())
        .filter(p -> Declared.on(p, "").isEmpty())
        .anyMatch(p -> Injection.isSandbox(p.getType()) || Injection.isTunnel(p));
  }

  private static boolean isTest(Executable executable) {
    return AnnotationSupport.isAnnotated(executable, Testable.class);
  }

  @Override
  public void close() {
    pool.forget(this);
  }
}

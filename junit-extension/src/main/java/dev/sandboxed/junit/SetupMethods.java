package dev.sandboxed.junit;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ModifierSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * The methods that set up what the tests of one class start from.
 *
 * @param type the test class
 * @param methods in the order they run in
 */
record SetupMethods(Class<?> type, List<Method> methods) {

  /**
   * Finds those of classes that are in each other.
   *
   * @param innermostFirst the classes
   * @return those of each class that has any, the outermost first; a method is in one of them only
   * @throws ExtensionConfigurationException if one cannot be such a method
   */
  static List<SetupMethods> of(List<Class<?>> innermostFirst) {
    var outermostFirst = new ArrayList<>(innermostFirst);
    Collections.reverse(outermostFirst);
    var found = new ArrayList<SetupMethods>();
    var seen = new HashSet<Method>();
    for (var type : outermostFirst) {
      var methods = in(type).stream().filter(seen::add).toList();
      if (!methods.isEmpty()) {
        methods.forEach(SetupMethods::check);
        found.add(new SetupMethods(type, methods));
      }
    }
    return found;
  }

  /**
   * Refuses methods of a test class that would never run.
   *
   * @param innermostFirst the test class and those around it
   */
  static void requireUse(List<Class<?>> innermostFirst) {
    var methods = in(innermostFirst.get(0));
    if (!methods.isEmpty()
        && innermostFirst.stream().noneMatch(type -> isCopied(Declared.on(type)))
        && !isUsedWithin(innermostFirst.get(0))) {
      throw new ExtensionConfigurationException(
          "@SandboxSetup %s would never run: set snapshot = SnapshotMode.AFTER_SETUP in @Sandboxed on %s, or use @BeforeEach"
              .formatted(
                  Declared.name(methods.get(0)),
                  Declared.name(methods.get(0).getDeclaringClass())));
    }
  }

  static boolean is(Executable executable) {
    return AnnotationSupport.isAnnotated(executable, SandboxSetup.class);
  }

  /** Names a parameter of a method, which is given the sandbox that is set up and no other. */
  static String target(ParameterContext parameter) {
    var target = Declared.name(parameter.getParameter());
    if (!Declared.on(parameter.getAnnotatedElement(), target).isEmpty()
        || !Declared.on(parameter.getDeclaringExecutable(), target).isEmpty()) {
      throw new ExtensionConfigurationException(
          "@Sandboxed has no meaning on %s, which is given the sandbox that is set up; put it on the class"
              .formatted(target));
    }
    return target;
  }

  /** Refuses methods of an instance where the class has not one for all its tests. */
  void requireInstance(ExtensionContext context) {
    for (var method : methods) {
      if (ModifierSupport.isNotStatic(method)) {
        requireInstance(method, ofClass(context));
      }
    }
  }

  private void requireInstance(Method method, ExtensionContext context) {
    if (context.getTestInstanceLifecycle().filter(Lifecycle.PER_CLASS::equals).isEmpty()) {
      throw new ExtensionConfigurationException(
          "@SandboxSetup %s must be static, or %s must have @TestInstance(Lifecycle.PER_CLASS)."
              .formatted(Declared.name(method), Declared.name(type)));
    }
    if (context.getTestInstance().isEmpty()) {
      throw new ExtensionConfigurationException(
          "@SandboxSetup %s must be static, because the constructor of %s asks for a sandbox already."
              .formatted(Declared.name(method), Declared.name(type)));
    }
  }

  /** Runs the methods, with parameters as they are resolved for the class. */
  void run(ExtensionContext context) {
    var ofClass = ofClass(context);
    var instance = ofClass.getTestInstance().orElse(null);
    for (var method : methods) {
      ofClass
          .getExecutableInvoker()
          .invoke(method, ModifierSupport.isStatic(method) ? null : instance);
    }
  }

  /** Returns the nearest context of the class, which has its instance if there is one for all. */
  private ExtensionContext ofClass(ExtensionContext context) {
    return Stream.iterate(
            Optional.of(context), Optional::isPresent, c -> c.flatMap(ExtensionContext::getParent))
        .map(Optional::orElseThrow)
        .filter(c -> c.getTestMethod().isEmpty())
        .filter(c -> c.getTestClass().filter(type::equals).isPresent())
        .findFirst()
        .orElseThrow();
  }

  private static List<Method> in(Class<?> type) {
    return AnnotationSupport.findAnnotatedMethods(
        type, SandboxSetup.class, HierarchyTraversalMode.TOP_DOWN);
  }

  private static void check(Method method) {
    if (ModifierSupport.isPrivate(method)) {
      throw new ExtensionConfigurationException(
          "@SandboxSetup %s must not be private.".formatted(Declared.name(method)));
    }
    if (method.getReturnType() != void.class) {
      throw new ExtensionConfigurationException(
          "@SandboxSetup %s must not return a value.".formatted(Declared.name(method)));
    }
  }

  /** Returns whether something in a class, other than itself, wants copies. */
  private static boolean isUsedWithin(Class<?> type) {
    var fields = ReflectionSupport.findFields(type, f -> true, HierarchyTraversalMode.TOP_DOWN);
    var methods = ReflectionSupport.findMethods(type, m -> true, HierarchyTraversalMode.TOP_DOWN);
    var executables =
        Stream.concat(methods.stream(), Arrays.stream(type.getDeclaredConstructors())).toList();
    return Stream.<AnnotatedElement>concat(
                Stream.concat(fields.stream(), executables.stream()),
                executables.stream().map(Executable::getParameters).flatMap(Arrays::stream))
            .anyMatch(element -> isCopied(Declared.on(element, "")))
        || ReflectionSupport.findNestedClasses(type, nested -> true).stream()
            .anyMatch(nested -> isCopied(Declared.on(nested)) || isUsedWithin(nested));
  }

  private static boolean isCopied(List<Declared> declared) {
    return declared.stream().anyMatch(d -> d.annotation().snapshot() == SnapshotMode.AFTER_SETUP);
  }
}

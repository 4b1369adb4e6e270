package dev.sandboxed.junit;

import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * What a field or parameter asks for.
 *
 * @param subject what the sandbox belongs to, for reports
 * @param key what the sandbox is kept under; equal keys share it
 * @param scope how long it lives
 * @param owner the class it lives as long as, if it has the scope of a class, or whose heirs share
 *     it, if it has that of a hierarchy
 * @param homes the classes whose methods may set up what it starts from, the innermost first
 * @param settings what it is created from
 */
record Request(
    String subject,
    Object key,
    SandboxScope scope,
    Class<?> owner,
    List<Class<?>> homes,
    Settings settings) {

  /** The key of the sandbox that parameters without an annotation of their own share. */
  private record Shared(Class<?> owner) {}

  /** Returns whether the test or its classes say how to make a sandbox. */
  static boolean isDeclaredAround(ExtensionContext context) {
    return !declaredAround(context).isEmpty();
  }

  static Request of(Field field, Class<?> instanceType, ExtensionContext context) {
    var target = Declared.name(field);
    var declared = Declared.on(field, target);
    if (declared.isEmpty()) {
      return shared(field, target, context);
    }
    var isStatic = Modifier.isStatic(field.getModifiers());
    if (isStatic) {
      reject(
          SandboxScope.METHOD,
          declared,
          target,
          "it is static; leave out the scope, or make it an instance field");
    }
    var homes = classesFrom(instanceType, context);
    declared.addAll(inClasses(homes));
    var settings = new Settings(declared, name -> RoundBackend.parameter(name, context));
    var scope = scope(settings, isStatic);
    var owner = scope == SandboxScope.HIERARCHY ? field.getDeclaringClass() : instanceType;
    return new Request(subject(scope, target), field, scope, owner, homes, settings);
  }

  static Request of(ParameterContext parameter, ExtensionContext context) {
    var target = Declared.name(parameter.getParameter());
    var executable = parameter.getDeclaringExecutable();
    var isTest = context.getTestMethod().filter(executable::equals).isPresent();
    if (executable instanceof Method && !isTest && !Declared.on(executable, "").isEmpty()) {
      throw new ExtensionConfigurationException(
          "@Sandboxed has no meaning on the lifecycle %s; put it on the class, on the test methods or on the parameter"
              .formatted(Declared.name(executable)));
    }
    var own = Declared.on(parameter.getAnnotatedElement(), target);
    var request =
        own.isEmpty()
            ? shared(isForAll(executable), target, context)
            : own(parameter, own, target, isTest, context);
    if (request.scope() == SandboxScope.METHOD && context.getTestMethod().isEmpty()) {
      throw new ExtensionConfigurationException(
          "%s cannot have the sandbox of a test method, because the instance is made once for the whole class; set scope = SandboxScope.CLASS, or ask for the sandbox in the test methods"
              .formatted(target));
    }
    return request;
  }

  /** The sandbox of a parameter that carries the annotation itself. */
  private static Request own(
      ParameterContext parameter,
      List<Declared> own,
      String target,
      boolean isTest,
      ExtensionContext context) {
    var executable = parameter.getDeclaringExecutable();
    var forAll = isForAll(executable);
    if (forAll) {
      reject(
          SandboxScope.METHOD,
          own,
          target,
          "it belongs to no test method; leave out the scope, or ask for the sandbox in"
              + " @BeforeEach");
    }
    var type = home(executable, context);
    var declared = new ArrayList<>(own);
    if (isTest) {
      declared.addAll(onTestMethod(context));
    }
    var homes = classesFrom(type, context);
    declared.addAll(inClasses(homes));
    var settings = new Settings(declared, name -> RoundBackend.parameter(name, context));
    var scope = scope(settings, forAll);
    var owner = scope == SandboxScope.HIERARCHY ? executable.getDeclaringClass() : type;
    return new Request(
        subject(scope, target), parameter.getParameter(), scope, owner, homes, settings);
  }

  /** The sandbox of all that do not; for a field that wants something of it. */
  private static Request shared(Field field, String target, ExtensionContext context) {
    var request = shared(false, target, context);
    if (Modifier.isStatic(field.getModifiers()) && request.scope() == SandboxScope.METHOD) {
      throw new ExtensionConfigurationException(
          "%s cannot have the sandbox of a test method; set scope = SandboxScope.CLASS on the class, or make the field an instance field"
              .formatted(target));
    }
    return request;
  }

  private static Request shared(boolean forAll, String target, ExtensionContext context) {
    if (!isDeclaredAround(context)) {
      throw new ExtensionConfigurationException(
          "@Tunnel %s has no sandbox to lead to; put @Sandboxed on the class, on the test method or beside @Tunnel"
              .formatted(target));
    }
    var onMethod = onTestMethod(context);
    for (var ofClasses : List.of(SandboxScope.CLASS, SandboxScope.HIERARCHY)) {
      reject(
          ofClasses,
          onMethod,
          context.getTestMethod().map(Declared::name).orElse(""),
          "its sandbox is its own; leave out the scope, or put the annotation on the class");
    }
    var settings =
        new Settings(declaredAround(context), name -> RoundBackend.parameter(name, context));
    // A method that has the annotation has a sandbox of its own unless it says otherwise itself.
    var scope =
        declaredScope(
            onMethod.isEmpty() ? settings : new Settings(onMethod, n -> Optional.empty()));
    var declaring =
        classes(context).stream()
            .filter(c -> !Declared.on(c).isEmpty())
            .findFirst()
            .orElseGet(context::getRequiredTestClass);
    var owner =
        scope == SandboxScope.HIERARCHY ? Declared.carrier(declaring).orElse(declaring) : declaring;
    if (scope == SandboxScope.METHOD && forAll) {
      throw new ExtensionConfigurationException(
          "The sandbox of %s is made for each test method, so %s cannot have it; set scope = SandboxScope.CLASS on the class, annotate the parameter with @Sandboxed, or ask for the sandbox in @BeforeEach"
              .formatted(Declared.name(owner), target));
    }
    var name =
        scope == SandboxScope.METHOD ? "test " + context.getDisplayName() : Declared.name(owner);
    var homes = scope == SandboxScope.CLASS ? classesFrom(owner, context) : classes(context);
    return new Request(subject(scope, name), new Shared(owner), scope, owner, homes, settings);
  }

  /** Returns the scope of a sandbox of its own, of what is there before any test. */
  private static SandboxScope scope(Settings settings, boolean forAll) {
    var scope = declaredScope(settings);
    return forAll && !scope.isSharedByClasses() ? SandboxScope.CLASS : scope;
  }

  private static SandboxScope declaredScope(Settings settings) {
    return settings.scope().orElse(SandboxScope.METHOD);
  }

  /** Names what a sandbox belongs to. */
  private static String subject(SandboxScope scope, String name) {
    return switch (scope) {
      case SESSION -> "the launcher's session";
      case EXECUTION -> "the execution of all tests";
      case HIERARCHY -> name + " and what inherits it";
      case CLASS, METHOD, DEFAULT -> name;
    };
  }

  private static void reject(
      SandboxScope unwanted, List<Declared> declared, String target, String why) {
    var scope =
        declared.stream()
            .map(d -> d.annotation().scope())
            .filter(s -> s != SandboxScope.DEFAULT)
            .findFirst();
    if (scope.filter(s -> s == unwanted).isPresent()) {
      throw new ExtensionConfigurationException(
          "@Sandboxed(scope = %s) on %s cannot work, because %s".formatted(unwanted, target, why));
    }
  }

  private static boolean isForAll(Executable executable) {
    return AnnotationSupport.isAnnotated(executable, BeforeAll.class)
        || AnnotationSupport.isAnnotated(executable, AfterAll.class);
  }

  private static List<Declared> declaredAround(ExtensionContext context) {
    var declared = new ArrayList<>(onTestMethod(context));
    declared.addAll(inClasses(classes(context)));
    return declared;
  }

  private static List<Declared> onTestMethod(ExtensionContext context) {
    return context.getTestMethod().map(m -> Declared.on(m, Declared.name(m))).orElse(List.of());
  }

  private static List<Declared> inClasses(List<Class<?>> classes) {
    return classes.stream().flatMap(c -> Declared.on(c).stream()).toList();
  }

  /** Returns the innermost class of the test whose instances have the method or constructor. */
  private static Class<?> home(Executable executable, ExtensionContext context) {
    return classes(context).stream()
        .filter(executable.getDeclaringClass()::isAssignableFrom)
        .findFirst()
        .orElseGet(context::getRequiredTestClass);
  }

  private static List<Class<?>> classesFrom(Class<?> type, ExtensionContext context) {
    var classes = classes(context);
    return classes.subList(Math.max(0, classes.indexOf(type)), classes.size());
  }

  /** Returns the test class and those that enclose it, the innermost first. */
  static List<Class<?>> classes(ExtensionContext context) {
    var classes = new ArrayList<>(context.getEnclosingTestClasses());
    Collections.reverse(classes);
    context.getTestClass().ifPresent(c -> classes.add(0, c));
    return classes;
  }
}

package dev.sandboxed.junit;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ModifierSupport;

/** Injects sandboxes for {@link Sandboxed @Sandboxed}; the store of each context ends them. */
class SandboxExtension
    implements ExecutionCondition,
        BeforeAllCallback,
        BeforeEachCallback,
        TestInstancePreConstructCallback,
        ParameterResolver,
        InvocationInterceptor,
        PreInterruptCallback {

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    InsideBody.requireInside(context);
    return ConditionEvaluationResult.enabled("It runs where it is declared to run");
  }

  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(
      ExtensionContext rootContext) {
    return ExtensionContextScope.TEST_METHOD;
  }

  /** Sets static fields before the one instance of a class is made: others prepare it by them. */
  @Override
  public void preConstructTestInstance(
      TestInstanceFactoryContext factoryContext, ExtensionContext context) {
    if (context.getTestMethod().isEmpty()) {
      injectStatic(context);
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    injectStatic(context);
    context
        .getTestInstance()
        .ifPresent(instance -> injectInstance(context, instance, SandboxScope.CLASS));
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    SetupMethods.requireUse(Request.classes(context));
    OpenSandboxes.of(context);
    context
        .getRequiredTestInstances()
        .getAllInstances()
        .forEach(instance -> injectInstance(context, instance, SandboxScope.METHOD));
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return !Declared.on(parameter.getAnnotatedElement(), "").isEmpty()
        || Injection.isTunnel(parameter.getAnnotatedElement())
        || (Injection.isSandbox(parameter.getParameter().getType())
            && Request.isDeclaredAround(context));
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    var injection =
        Injection.of(
            parameter.getAnnotatedElement(),
            parameter.getParameter().getType(),
            Declared.name(parameter.getParameter()));
    return SetupMethods.is(parameter.getDeclaringExecutable())
        ? injection.from(SetupSnapshots.inSetup(SetupMethods.target(parameter), context))
        : open(Request.of(parameter, context), injection, context);
  }

  @Override
  public void interceptDynamicTest(
      Invocation<@Nullable Void> invocation,
      DynamicTestInvocationContext invocationContext,
      ExtensionContext context)
      throws Throwable {
    try {
      invocation.proceed();
    } catch (Throwable t) {
      SandboxActivity.attach(t, context);
      throw t;
    }
  }

  @Override
  public void beforeThreadInterrupt(PreInterruptContext interrupt, ExtensionContext context) {
    TimeoutDump.take(interrupt.getThreadToInterrupt(), context);
  }

  private static void injectStatic(ExtensionContext context) {
    SetupMethods.requireUse(Request.classes(context));
    OpenSandboxes.of(context);
    inject(context, context.getRequiredTestClass(), null, ModifierSupport::isStatic);
  }

  private static void injectInstance(
      ExtensionContext context, Object instance, SandboxScope smallestScope) {
    // A record's fields are final and set by its constructor, whose parameters are injected.
    if (!instance.getClass().isRecord()) {
      inject(
          context,
          instance.getClass(),
          instance,
          field ->
              ModifierSupport.isNotStatic(field)
                  && (smallestScope == SandboxScope.METHOD
                      || Request.of(field, instance.getClass(), context).scope()
                          != SandboxScope.METHOD));
    }
  }

  private static void inject(
      ExtensionContext context,
      Class<?> type,
      @Nullable Object instance,
      Predicate<Field> predicate) {
    AnnotationSupport.findAnnotatedFields(
            type, Sandboxed.class, predicate, HierarchyTraversalMode.TOP_DOWN)
        .forEach(field -> injectField(context, type, instance, field));
    AnnotationSupport.findAnnotatedFields(
            type,
            Tunnel.class,
            predicate.and(field -> !AnnotationSupport.isAnnotated(field, Sandboxed.class)),
            HierarchyTraversalMode.TOP_DOWN)
        .forEach(field -> injectField(context, type, instance, field));
  }

  private static void injectField(
      ExtensionContext context, Class<?> type, @Nullable Object instance, Field field) {
    var target = Declared.name(field);
    var annotation = AnnotationSupport.isAnnotated(field, Sandboxed.class) ? "Sandboxed" : "Tunnel";
    if (ModifierSupport.isFinal(field)) {
      throw new ExtensionConfigurationException(
          "@%s %s must not be declared as final.".formatted(annotation, target));
    }
    var injection = Injection.of(field, field.getType(), target);
    var value = open(Request.of(field, type, context), injection, context);
    try {
      field.setAccessible(true);
      field.set(instance, value);
    } catch (IllegalAccessException | InaccessibleObjectException e) {
      throw new ExtensionConfigurationException(
          "@%s %s cannot be set: %s; open its package to dev.sandboxed.junit, or ask for it by a parameter"
              .formatted(annotation, target, e.getMessage()),
          e);
    }
  }

  private static Object open(Request request, Injection injection, ExtensionContext context) {
    return injection.from(request.settings(), () -> open(request, context));
  }

  private static RecordingSandbox open(Request request, ExtensionContext context) {
    InsideBody.requireOutside(context, request.subject());
    return switch (request.scope()) {
      case HIERARCHY, EXECUTION, SESSION -> OpenSandboxes.lent(request, context);
      case CLASS -> OpenSandboxes.ofClass(request.owner(), context).get(request);
      case METHOD, DEFAULT -> OpenSandboxes.of(context).get(request);
    };
  }
}

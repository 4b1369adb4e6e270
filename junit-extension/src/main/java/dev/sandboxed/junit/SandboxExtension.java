package dev.sandboxed.junit;

import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ModifierSupport;

/** Injects sandboxes for {@link Sandboxed @Sandboxed}; the store of each context ends them. */
class SandboxExtension
    implements BeforeAllCallback, BeforeEachCallback, ParameterResolver, InvocationInterceptor {

  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(
      ExtensionContext rootContext) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    OpenSandboxes.of(context);
    inject(context, context.getRequiredTestClass(), null, ModifierSupport::isStatic);
    context
        .getTestInstance()
        .ifPresent(instance -> injectInstance(context, instance, SandboxScope.CLASS));
  }

  @Override
  public void beforeEach(ExtensionContext context) {
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
    return open(Request.of(parameter, context), injection, context);
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
                          == SandboxScope.CLASS));
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
    var open =
        request.scope() == SandboxScope.CLASS
            ? OpenSandboxes.ofClass(request.owner(), context)
            : OpenSandboxes.of(context);
    return injection.from(open.get(request));
  }
}

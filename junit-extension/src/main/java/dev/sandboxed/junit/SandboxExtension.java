package dev.sandboxed.junit;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
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
        || (isInjectable(parameter.getParameter().getType()) && Request.isDeclaredAround(context));
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    var type = parameter.getParameter().getType();
    requireInjectable(type, Declared.name(parameter.getParameter()));
    return open(Request.of(parameter, context), type, context);
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
  }

  private static void injectField(
      ExtensionContext context, Class<?> type, @Nullable Object instance, Field field) {
    var target = Declared.name(field);
    if (ModifierSupport.isFinal(field)) {
      throw new ExtensionConfigurationException(
          "@Sandboxed %s must not be declared as final.".formatted(target));
    }
    requireInjectable(field.getType(), target);
    var value = open(Request.of(field, type, context), field.getType(), context);
    try {
      field.setAccessible(true);
      field.set(instance, value);
    } catch (IllegalAccessException | InaccessibleObjectException e) {
      throw new ExtensionConfigurationException(
          "@Sandboxed %s cannot be set: %s; open its package to dev.sandboxed.junit, or ask for the sandbox by a parameter"
              .formatted(target, e.getMessage()),
          e);
    }
  }

  private static Object open(Request request, Class<?> type, ExtensionContext context) {
    var open =
        request.scope() == SandboxScope.CLASS
            ? OpenSandboxes.ofClass(request.owner(), context)
            : OpenSandboxes.of(context);
    var sandbox = open.get(request);
    return type == SandboxFiles.class ? sandbox.files() : sandbox;
  }

  private static boolean isInjectable(Class<?> type) {
    return type == Sandbox.class || type == SandboxFiles.class;
  }

  private static void requireInjectable(Class<?> type, String target) {
    if (!isInjectable(type)) {
      throw new ExtensionConfigurationException(
          "@Sandboxed %s must be of type %s or %s but is of type %s."
              .formatted(
                  target, Sandbox.class.getName(), SandboxFiles.class.getName(), type.getName()));
    }
  }
}

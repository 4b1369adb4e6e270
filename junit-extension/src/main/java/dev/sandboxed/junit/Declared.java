package dev.sandboxed.junit;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One {@link Sandboxed} annotation and the element that carries it.
 *
 * @param annotation the annotation
 * @param element where it stands, for messages
 * @param home the class or annotation that it stands in
 */
record Declared(Sandboxed annotation, String element, Class<?> home) {

  /** Finds the annotations of an element, its own before those of its other annotations. */
  static List<Declared> on(AnnotatedElement element, String name) {
    var found = new ArrayList<Declared>();
    collect(element, name, found, new HashSet<>());
    return found;
  }

  /** Finds the annotations of a class, then those of its superclasses and interfaces. */
  static List<Declared> on(Class<?> type) {
    var found = new ArrayList<Declared>();
    collectHierarchy(type, found, new HashSet<>());
    return found;
  }

  /** Finds the class itself, or the nearest of its superclasses and interfaces, that has any. */
  static Optional<Class<?>> carrier(Class<?> type) {
    if (!on(type, "").isEmpty()) {
      return Optional.of(type);
    }
    return Stream.concat(Stream.ofNullable(type.getSuperclass()), Stream.of(type.getInterfaces()))
        .flatMap(parent -> carrier(parent).stream())
        .findFirst();
  }

  static String name(Class<?> type) {
    return "class [%s]".formatted(type.getName());
  }

  static String name(Field field) {
    return "field [%s]".formatted(field.toGenericString());
  }

  static String name(Executable executable) {
    return "%s [%s]"
        .formatted(
            executable instanceof Method ? "method" : "constructor", executable.toGenericString());
  }

  static String name(Parameter parameter) {
    return "parameter [%s] in %s".formatted(parameter, name(parameter.getDeclaringExecutable()));
  }

  private static void collectHierarchy(
      Class<?> type, List<Declared> found, Set<AnnotatedElement> seen) {
    if (type == Object.class || !seen.add(type)) {
      return;
    }
    collect(type, name(type), found, seen);
    var superclass = type.getSuperclass();
    if (superclass != null) {
      collectHierarchy(superclass, found, seen);
    }
    for (var parent : type.getInterfaces()) {
      collectHierarchy(parent, found, seen);
    }
  }

  private static void collect(
      AnnotatedElement element, String name, List<Declared> found, Set<AnnotatedElement> seen) {
    var own = element.getDeclaredAnnotation(Sandboxed.class);
    if (own != null) {
      found.add(new Declared(own, name, home(element)));
    }
    for (var other : element.getDeclaredAnnotations()) {
      Class<? extends Annotation> type = other.annotationType();
      if (type != Sandboxed.class && !type.getName().startsWith("java.") && seen.add(type)) {
        collect(type, "annotation [%s]".formatted(type.getName()), found, seen);
      }
    }
  }

  private static Class<?> home(AnnotatedElement element) {
    if (element instanceof Parameter parameter) {
      return parameter.getDeclaringExecutable().getDeclaringClass();
    }
    return element instanceof Member member ? member.getDeclaringClass() : (Class<?>) element;
  }
}

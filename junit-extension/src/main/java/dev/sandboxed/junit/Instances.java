package dev.sandboxed.junit;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.platform.commons.support.ReflectionSupport;

/** Makes instances of classes that annotations name. */
final class Instances {
  private Instances() {}

  /**
   * Makes an instance.
   *
   * @param place the attribute, the class and the element, for messages
   * @throws ExtensionConfigurationException if that is not possible
   */
  static <T> T of(Class<T> type, String place) {
    if (Modifier.isAbstract(type.getModifiers())
        || (type.isMemberClass() && !Modifier.isStatic(type.getModifiers()))) {
      throw new ExtensionConfigurationException(
          "%s: no instance can be made of it; write a class that is not abstract, and static where it is within another"
              .formatted(place));
    }
    if (Arrays.stream(type.getDeclaredConstructors()).noneMatch(c -> c.getParameterCount() == 0)) {
      throw new ExtensionConfigurationException(
          "%s: it has no constructor without parameters; write one".formatted(place));
    }
    try {
      return ReflectionSupport.newInstance(type);
    } catch (RuntimeException e) {
      throw new ExtensionConfigurationException(
          "%s: its constructor failed: %s".formatted(place, e), e);
    }
  }
}

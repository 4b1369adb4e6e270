package dev.sandboxed.junit;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.junit.Settings.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.ReflectionSupport;

/** The customizers that annotations and the configuration name. */
final class DeclaredCustomizers {
  private DeclaredCustomizers() {}

  /** Applies all of them, the farthest first. */
  static void apply(
      List<Declared> nearestFirst,
      Optional<Value<String>> configured,
      SandboxBuilder builder,
      ExtensionContext context) {
    configured.ifPresent(
        v -> apply(v.read(DeclaredCustomizers::load), v.place(), builder, context));
    var farthestFirst = new ArrayList<>(nearestFirst);
    Collections.reverse(farthestFirst);
    for (var declared : farthestFirst) {
      var type = declared.annotation().customizer();
      if (type != SandboxCustomizer.class) {
        apply(
            type, Value.place("customizer", type.getName() + ".class", declared), builder, context);
      }
    }
  }

  private static Class<? extends SandboxCustomizer> load(String name) {
    try {
      return ReflectionSupport.tryToLoadClass(name).get().asSubclass(SandboxCustomizer.class);
    } catch (Exception e) {
      throw new InvalidSpecException(
          "\"%s\" is not a class that implements %s: %s; write the name of one with its package"
              .formatted(name, SandboxCustomizer.class.getName(), e),
          e);
    }
  }

  private static void apply(
      Class<? extends SandboxCustomizer> type,
      String place,
      SandboxBuilder builder,
      ExtensionContext context) {
    SandboxCustomizer customizer = Instances.of(type, place);
    try {
      customizer.customize(builder, context);
      builder.build();
    } catch (RuntimeException e) {
      throw new ExtensionConfigurationException("%s failed: %s".formatted(place, e), e);
    }
  }
}

package dev.sandboxed.junit;

import dev.sandboxed.Sandbox;
import dev.sandboxed.junit.Settings.Value;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/**
 * The properties that annotations declare, the nearest for each name.
 *
 * @param byName the templates, with their places, by the names
 */
record DeclaredProperties(Map<String, Value<PropertyTemplate>> byName) {

  /** Reads them; what can be told to be wrong without a sandbox is. */
  static DeclaredProperties of(List<Declared> nearestFirst) {
    var byName = new LinkedHashMap<String, Value<PropertyTemplate>>();
    for (var declared : nearestFirst) {
      var here = new HashSet<String>();
      for (var property : declared.annotation().properties()) {
        // Not its value, which somebody may have written a password in.
        var place = Value.place("properties", Value.quoted(property.name()), declared);
        if (property.name().isBlank()) {
          throw new ExtensionConfigurationException(
              "%s: a property has no name; name it".formatted(place));
        }
        if (!here.add(property.name())) {
          throw new ExtensionConfigurationException(
              "%s: two properties have the name %s; use each name once"
                  .formatted(place, property.name()));
        }
        var template = new Value<>(property.value(), place).read(PropertyTemplate::parse);
        byName.putIfAbsent(property.name(), new Value<>(template, place));
      }
    }
    return new DeclaredProperties(byName);
  }

  /** Returns the properties of a sandbox. */
  SandboxProperties of(Sandbox sandbox) {
    var templates = new LinkedHashMap<String, PropertyTemplate>();
    byName.forEach(
        (name, template) -> {
          template.read(
              t -> {
                t.check(sandbox.spec());
                return t;
              });
          templates.put(name, template.value());
        });
    return new SandboxProperties(sandbox, templates);
  }

  /** Refuses to inject properties where there are none. */
  void requireSome(String target) {
    if (byName.isEmpty()) {
      throw new ExtensionConfigurationException(
          "%s has no properties to be given; declare some with @Sandboxed(properties = @SandboxProperty(...))"
              .formatted(target));
    }
  }
}

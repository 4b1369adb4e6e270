package dev.sandboxed.core.binaries;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings a user gives from outside: a system property, else an environment variable. A blank
 * value counts as none.
 */
public final class Settings {
  private final Function<String, @Nullable String> properties;
  private final Function<String, @Nullable String> environment;

  private Settings(
      Function<String, @Nullable String> properties,
      Function<String, @Nullable String> environment) {
    this.properties = properties;
    this.environment = environment;
  }

  /** The settings of this process. */
  public static Settings ofProcess() {
    return new Settings(System::getProperty, System::getenv);
  }

  /** Settings from the given values only. */
  public static Settings of(Map<String, String> properties, Map<String, String> environment) {
    Map<String, String> fixedProperties = Map.copyOf(properties);
    Map<String, String> fixedEnvironment = Map.copyOf(environment);
    return new Settings(fixedProperties::get, fixedEnvironment::get);
  }

  /** The value of a system property. */
  public Optional<String> property(String name) {
    return present(properties.apply(name));
  }

  /** The value of an environment variable. */
  public Optional<String> variable(String name) {
    return present(environment.apply(name));
  }

  private static Optional<String> present(@Nullable String value) {
    return Optional.ofNullable(value).filter(text -> !text.isBlank());
  }
}

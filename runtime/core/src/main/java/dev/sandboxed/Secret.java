package dev.sandboxed;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An environment variable whose value is never printed. Immutable.
 *
 * <p>The value reaches the environment of processes inside and nothing else: {@code toString},
 * logs, messages and reports show {@code ***}, also where a program inside prints it. What programs
 * print reaches the caller's own streams as it is.
 *
 * <pre>{@code
 * Sandbox.builder()
 *     .secret(Secret.fromHost("API_TOKEN"))
 *     .secrets(Secret.fromDotenv(Path.of(".env")))
 *     .create();
 * }</pre>
 */
public final class Secret {
  private final String name;
  private final String value;

  private Secret(String name, String value) {
    SpecChecks.envName(name);
    if (value.indexOf('\0') >= 0) {
      throw new InvalidSpecException("The secret " + name + " holds a NUL character");
    }
    this.name = name;
    this.value = value;
  }

  /**
   * Returns a secret of the given value.
   *
   * @param name the environment variable inside
   * @param value the value
   * @return the secret
   */
  public static Secret of(String name, String value) {
    return new Secret(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
  }

  /**
   * Returns a secret of the value that a variable has on the host.
   *
   * @param name the environment variable, outside and inside
   * @return the secret
   * @throws InvalidSpecException if the host has no such variable
   */
  public static Secret fromHost(String name) {
    var value = System.getenv(name);
    if (value == null) {
      throw new InvalidSpecException(
          "The host has no environment variable %s to take a secret from; set it, or use Secret.of"
              .formatted(name));
    }
    return new Secret(name, value);
  }

  /**
   * Returns secrets of the values that variables have on the host.
   *
   * @param names the environment variables, outside and inside
   * @return the secrets
   * @throws InvalidSpecException if the host has not all of them; it names all that are missing
   */
  public static List<Secret> fromHost(Collection<String> names) {
    var missing = names.stream().filter(n -> System.getenv(n) == null).toList();
    if (missing.size() > 1) {
      throw new InvalidSpecException(
          "The host has no environment variables %s to take secrets from; set them, or use Secret.of"
              .formatted(String.join(", ", missing)));
    }
    return names.stream().map(Secret::fromHost).toList();
  }

  /**
   * Returns the secrets of a map.
   *
   * @param values the values by the names of environment variables
   * @return the secrets, in the order of the map
   */
  public static List<Secret> fromMap(Map<String, String> values) {
    return values.entrySet().stream().map(e -> of(e.getKey(), e.getValue())).toList();
  }

  /**
   * Returns the secrets of a dotenv file: lines of the form {@code NAME=value}, with or without
   * {@code export}, and comments behind {@code #}.
   *
   * <p>Values may stand in single quotes, which keep everything, or in double quotes, in which
   * {@code \n}, {@code \r}, {@code \t}, {@code \"}, {@code \$} and {@code \\} are escapes; both may
   * span lines. Nothing is expanded: {@code $HOME} stays what it is.
   *
   * @param file a UTF-8 file of 1 MiB at most
   * @return the secrets, in the order of the file
   * @throws InvalidSpecException if the file cannot be read or is wrong; the message names the file
   *     and the line, never a value
   */
  public static List<Secret> fromDotenv(Path file) {
    return fromMap(Dotenv.read(file));
  }

  /**
   * Returns the name of the environment variable.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Returns the value, for the backend that passes it in.
   *
   * @return the value in the clear
   */
  public String reveal() {
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret that && name.equals(that.name) && value.equals(that.value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, value);
  }

  @Override
  public String toString() {
    return name + "=***";
  }
}

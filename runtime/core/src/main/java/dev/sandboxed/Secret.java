package dev.sandboxed;

import java.util.Objects;

/**
 * An environment variable whose value is never printed.
 *
 * <p>{@code toString} masks the value; it reaches the environment of processes inside and nothing
 * else.
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

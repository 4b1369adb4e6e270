package dev.sandboxed.junit;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Sandbox;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * What an application under test is told about a sandbox: the {@link Sandboxed#properties} by their
 * names, with addresses of tunnels, variables and secrets filled in.
 *
 * <p>It is injected like a {@link Sandbox}: into parameters of tests and lifecycle methods, and
 * into fields with {@link Sandboxed @Sandboxed}. With Spring:
 *
 * <pre>{@code
 * @SpringBootTest
 * class OrdersTest {
 *   @PostgresSandbox static SandboxProperties database;
 *
 *   @DynamicPropertySource
 *   static void tell(DynamicPropertyRegistry registry) {
 *     database.forEach(registry::add);
 *   }
 * }
 * }</pre>
 *
 * <p>Values are made when they are asked for; a tunnel is opened then. Immutable and thread-safe.
 */
public final class SandboxProperties {
  private final Sandbox sandbox;
  private final Map<String, PropertyTemplate> templates;

  SandboxProperties(Sandbox sandbox, Map<String, PropertyTemplate> templates) {
    this.sandbox = sandbox;
    this.templates = Collections.unmodifiableMap(new LinkedHashMap<>(templates));
  }

  /**
   * Returns the sandbox that the properties tell about.
   *
   * @return the sandbox
   */
  public Sandbox sandbox() {
    return sandbox;
  }

  /**
   * Returns the names of the properties.
   *
   * @return the names; unmodifiable
   */
  public Set<String> names() {
    return templates.keySet();
  }

  /**
   * Returns the value of a property, which may be a secret.
   *
   * @param name its name
   * @return the value
   * @throws InvalidSpecException if there is no such property
   * @throws dev.sandboxed.SandboxNotRunningException if it needs a tunnel and the sandbox has ended
   */
  public String get(String name) {
    var template = templates.get(name);
    if (template == null) {
      throw new InvalidSpecException(
          "There is no property \"%s\" of %s; there are: %s"
              .formatted(name, sandbox, String.join(", ", new TreeSet<>(names()))));
    }
    return template.resolve(sandbox);
  }

  /**
   * Hands every property on: its name, and what gives its value, such as to the {@code add} method
   * of Spring's {@code DynamicPropertyRegistry}.
   *
   * @param action what takes a property
   */
  public void forEach(BiConsumer<? super String, ? super Supplier<Object>> action) {
    names()
        .forEach(
            name -> {
              Supplier<Object> value = () -> get(name);
              action.accept(name, value);
            });
  }

  /**
   * Returns all properties as they are now.
   *
   * @return a copy: the values, some of which may be secrets, by the names
   */
  public Map<String, String> toMap() {
    var values = new LinkedHashMap<String, String>();
    names().forEach(name -> values.put(name, get(name)));
    return values;
  }

  /** Returns the names; values are not shown. */
  @Override
  public String toString() {
    return "properties of %s: %s".formatted(sandbox, String.join(", ", names()));
  }
}

package dev.sandboxed.junit;

import dev.sandboxed.Backend;
import dev.sandboxed.SandboxSpec;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What {@link Sandboxed @Sandboxed} and the configuration say about a test, for engines that run
 * tests in sandboxes; tests themselves need it never. Immutable.
 *
 * <pre>{@code
 * var declared = DeclaredSandbox.of(method, List.of(testClass), parameters::get);
 * if (declared.execution() == TestExecution.INSIDE) {
 *   var spec = declared.spec();
 * }
 * }</pre>
 *
 * <p>Only annotations are looked at: no class is initialised.
 */
public final class DeclaredSandbox {
  private final Settings settings;

  private DeclaredSandbox(Settings settings) {
    this.settings = settings;
  }

  /**
   * Reads what is said about a test method.
   *
   * @param method the method
   * @param classes its test class and those that enclose it, the innermost first
   * @param configuration finds configuration parameters by their names
   * @return what is said
   */
  public static DeclaredSandbox of(
      Method method, List<Class<?>> classes, Function<String, Optional<String>> configuration) {
    return new DeclaredSandbox(
        new Settings(declared(Declared.on(method, Declared.name(method)), classes), configuration));
  }

  /**
   * Reads what is said about a test class.
   *
   * @param classes the class and those that enclose it, the innermost first
   * @param configuration finds configuration parameters by their names
   * @return what is said
   */
  public static DeclaredSandbox of(
      List<Class<?>> classes, Function<String, Optional<String>> configuration) {
    return new DeclaredSandbox(new Settings(declared(List.of(), classes), configuration));
  }

  private static List<Declared> declared(List<Declared> nearest, List<Class<?>> classes) {
    var all = new ArrayList<>(nearest);
    classes.forEach(c -> all.addAll(Declared.on(c)));
    return all;
  }

  /**
   * Returns where the test runs.
   *
   * @return {@link TestExecution#OUTSIDE} unless something says otherwise
   * @throws org.junit.jupiter.api.extension.ExtensionConfigurationException if the configuration
   *     has another value
   */
  public TestExecution execution() {
    return settings.execution().orElse(TestExecution.OUTSIDE);
  }

  /**
   * Returns which tests share a sandbox.
   *
   * @return {@link SandboxScope#METHOD} unless something says otherwise
   * @throws org.junit.jupiter.api.extension.ExtensionConfigurationException if the configuration
   *     has another value
   */
  public SandboxScope scope() {
    return settings.scope().orElse(SandboxScope.METHOD);
  }

  /**
   * Returns what the sandbox is created from.
   *
   * @return the spec
   * @throws org.junit.jupiter.api.extension.ExtensionConfigurationException if a value has no
   *     meaning, with its attribute and its place
   */
  public SandboxSpec spec() {
    return settings.specInside();
  }

  /**
   * Returns what creates the sandbox.
   *
   * @return the backend that is named, if one is
   * @throws org.junit.jupiter.api.extension.ExtensionConfigurationException if there is no such
   *     backend
   */
  public Optional<Backend> backend() {
    return settings.backend();
  }
}

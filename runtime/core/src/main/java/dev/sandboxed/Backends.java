package dev.sandboxed;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;

/** Finds backends on the class or module path. */
public final class Backends {
  /**
   * The system property that names the backend to use where none is given; the one of the highest
   * priority unless set.
   */
  public static final String BACKEND_PROPERTY = "sandboxed.backend";

  private Backends() {}

  /**
   * Opens the backend that the system property {@value #BACKEND_PROPERTY} names, or else the one of
   * the highest priority.
   *
   * @return a new backend, which the caller closes
   * @throws BackendUnavailableException if there is none
   */
  public static Backend open() {
    return defaultProvider().open();
  }

  /**
   * Opens the backend of a name.
   *
   * @param name for example {@code gvisor}
   * @return a new backend, which the caller closes
   * @throws BackendUnavailableException if there is none of this name
   */
  public static Backend open(String name) {
    return provider(name).open();
  }

  /**
   * Returns the backend of a name that all callers in this JVM share, among them the builders of
   * sandboxes where it is the default one. It is opened at the first call.
   *
   * <pre>{@code
   * try (var sandbox = Sandbox.builder().backend(Backends.shared("gvisor")).create()) {
   *   sandbox.exec("true").await();
   * }
   * }</pre>
   *
   * @param name for example {@code gvisor}
   * @return the backend, which nobody closes: it is for the JVM's whole life
   * @throws BackendUnavailableException if there is none of this name
   */
  public static Backend shared(String name) {
    return Shared.BY_NAME.computeIfAbsent(name, n -> provider(n).open());
  }

  /**
   * Names the backends that are present, whether they can run here or not.
   *
   * <pre>{@code
   * for (var name : Backends.names()) {
   *   try (var backend = Backends.open(name)) {
   *     System.out.println(name + ": " + backend.check());
   *   }
   * }
   * }</pre>
   *
   * @return their names, the one of the highest priority first; empty if there is none
   */
  public static List<String> names() {
    return providers().stream()
        .sorted(
            Comparator.comparingInt(Backend.Provider::priority)
                .reversed()
                .thenComparing(Backend.Provider::name))
        .map(Backend.Provider::name)
        .distinct()
        .toList();
  }

  /** Returns the one that builders share in this JVM; opened at the first use. */
  static Backend shared() {
    return shared(Shared.DEFAULT);
  }

  private static Backend.Provider defaultProvider() {
    var name = System.getProperty(BACKEND_PROPERTY, "");
    return name.isEmpty()
        ? providers().stream()
            .max(Comparator.comparingInt(Backend.Provider::priority))
            .orElseThrow(() -> missing("No sandbox backend is"))
        : provider(name);
  }

  private static Backend.Provider provider(String name) {
    return providers().stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow(() -> missing("The sandbox backend \"" + name + "\" is not"));
  }

  private static List<Backend.Provider> providers() {
    return ServiceLoader.load(Backend.Provider.class, Backends.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  private static BackendUnavailableException missing(String what) {
    var names = String.join(", ", names());
    return new BackendUnavailableException(
        what
            + " on the class path (found: "
            + (names.isEmpty() ? "none" : names)
            + "); add the dependency dev.sandboxed:sandboxed-gvisor");
  }

  private static final class Shared {
    static final String DEFAULT = defaultProvider().name();
    static final Map<String, Backend> BY_NAME = new ConcurrentHashMap<>();
  }
}

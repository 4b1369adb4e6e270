package dev.sandboxed;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

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
    var name = System.getProperty(BACKEND_PROPERTY, "");
    return name.isEmpty()
        ? providers().stream()
            .max(Comparator.comparingInt(Backend.Provider::priority))
            .orElseThrow(() -> missing("No sandbox backend is"))
            .open()
        : open(name);
  }

  /**
   * Opens the backend of a name.
   *
   * @param name for example {@code gvisor}
   * @return a new backend, which the caller closes
   * @throws BackendUnavailableException if there is none of this name
   */
  public static Backend open(String name) {
    return providers().stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow(() -> missing("The sandbox backend \"" + name + "\" is not"))
        .open();
  }

  /** Returns the one that builders share in this JVM; opened at the first use. */
  static Backend shared() {
    return Shared.BACKEND;
  }

  private static List<Backend.Provider> providers() {
    return ServiceLoader.load(Backend.Provider.class, Backends.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  private static BackendUnavailableException missing(String what) {
    var names = providers().stream().map(Backend.Provider::name).collect(Collectors.joining(", "));
    return new BackendUnavailableException(
        what
            + " on the class path (found: "
            + (names.isEmpty() ? "none" : names)
            + "); add the dependency dev.sandboxed:sandboxed-gvisor");
  }

  private static final class Shared {
    static final Backend BACKEND = open();
  }
}

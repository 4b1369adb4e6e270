package dev.sandboxed.core.binaries;

import dev.sandboxed.BackendUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The programs that an embedded sandbox is made of, as files that can be executed.
 *
 * @param runsc the gVisor runtime
 * @param keeper the host process that is the parent of {@code runsc}
 * @param agent process 1 inside the sandbox
 */
public record SandboxBinaries(Path runsc, Path keeper, Path agent) {
  /** The system property that names another {@code runsc}. */
  public static final String RUNSC_PROPERTY = "sandboxed.runsc";

  /** The environment variable that names another {@code runsc}; the property goes first. */
  public static final String RUNSC_VARIABLE = "SANDBOXED_RUNSC";

  /**
   * Unpacks the bundled programs for this platform; a {@code runsc} that the settings name takes
   * the place of the bundled one. The PATH is never searched.
   *
   * @param loader that sees the artifacts with the programs
   * @throws BackendUnavailableException if one is missing or damaged, cannot be unpacked or cannot
   *     be executed
   */
  public static SandboxBinaries locate(Settings settings, BinaryCache cache, ClassLoader loader) {
    Platform platform = Platform.current();
    Path runsc =
        namedRunsc(settings)
            .orElseGet(() -> cache.path(BundledBinary.find("runsc", platform, loader)));
    return new SandboxBinaries(
        runsc,
        cache.path(BundledBinary.find("keeper", platform, loader)),
        cache.path(BundledBinary.find("agent", platform, loader)));
  }

  /** The {@code runsc} that the settings name, checked to be an executable file. */
  public static Optional<Path> namedRunsc(Settings settings) {
    Optional<String> property = settings.property(RUNSC_PROPERTY);
    String source =
        property.isPresent()
            ? "the system property " + RUNSC_PROPERTY
            : "the environment variable " + RUNSC_VARIABLE;
    return property
        .or(() -> settings.variable(RUNSC_VARIABLE))
        .map(value -> executable(value, source));
  }

  private static Path executable(String value, String source) {
    Path path = Path.of(value);
    if (!path.isAbsolute()) {
      throw refused(value, source, "is not an absolute path");
    }
    if (!Files.exists(path)) {
      throw refused(value, source, "does not exist");
    }
    if (!Files.isRegularFile(path)) {
      throw refused(value, source, "is not a file");
    }
    if (!Files.isExecutable(path)) {
      throw refused(value, source, "is not executable for this user");
    }
    return path;
  }

  private static BackendUnavailableException refused(String value, String source, String problem) {
    return new BackendUnavailableException(
        "The runsc that %s names, '%s', %s: name an executable runsc by its absolute path, or remove the setting to use the bundled one."
            .formatted(source, value, problem));
  }
}

package dev.sandboxed.core.buildtools;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where build tools and their configuration are looked for.
 *
 * @param variables the environment that tools are run with
 * @param home the user's home directory
 * @param mavenHome the Maven that runs this very process, if one does
 */
public record HostEnvironment(Map<String, String> variables, Path home, Optional<Path> mavenHome) {

  /** Copies the map. */
  public HostEnvironment {
    variables = Map.copyOf(variables);
  }

  /** Returns what this process has. */
  public static HostEnvironment ofProcess() {
    return new HostEnvironment(
        System.getenv(),
        Path.of(System.getProperty("user.home")),
        Optional.ofNullable(System.getProperty("maven.home")).map(Path::of));
  }

  /** Returns a variable's value, or empty where it is missing or blank. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
  }

  /** Returns a variable's value as an absolute path, or empty where it is none. */
  Optional<Path> path(String name) {
    return variable(name).filter(value -> value.startsWith("/")).map(Path::of);
  }

  /** Finds a program on the path. */
  Optional<Path> program(String name) {
    for (var directory : variables.getOrDefault("PATH", "").split(File.pathSeparator)) {
      // A relative entry depends on where one stands.
      if (directory.startsWith("/")) {
        var file = Path.of(directory, name);
        if (Files.isRegularFile(file) && Files.isExecutable(file)) {
          return Optional.of(file);
        }
      }
    }
    return Optional.empty();
  }
}

package dev.sandboxed.realinput;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * The programs that this machine has for everybody. Those of a user's home are not in a sandbox, so
 * a comparison with one would be with another version of the tool.
 */
final class SystemPrograms {
  private SystemPrograms() {}

  /** Returns where they are, as in the variable {@code PATH}. */
  static String path() {
    return directories().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  /** Finds one, or else skips the test. */
  static Path find(String program) {
    return directories()
        .map(directory -> directory.resolve(program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseGet(
            () ->
                Assumptions.abort(
                    "%s is not on this machine for everybody; .ci/install-packages installs it"
                        .formatted(program)));
  }

  private static Stream<Path> directories() {
    var homes = List.of(Path.of(System.getProperty("user.home")), Path.of("/root"));
    return Arrays.stream(
            Objects.requireNonNullElse(System.getenv("PATH"), "/usr/bin:/bin")
                .split(File.pathSeparator, -1))
        .filter(directory -> directory.startsWith("/"))
        .map(Path::of)
        .filter(directory -> homes.stream().noneMatch(directory::startsWith));
  }
}

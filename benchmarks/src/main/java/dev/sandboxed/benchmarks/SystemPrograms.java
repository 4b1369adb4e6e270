package dev.sandboxed.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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

  /** Finds one. */
  static String find(String program) throws IOException {
    return directories()
        .map(directory -> directory.resolve(program))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElseThrow(
            () ->
                new IOException(
                    "There is no %s in %s; install it, or leave the part out by -Dbenchmark.parts=…"
                        .formatted(program, path())));
  }

  private static Stream<Path> directories() {
    var home = Path.of(System.getProperty("user.home"));
    return Arrays.stream(
            Objects.requireNonNullElse(System.getenv("PATH"), "/usr/bin:/bin")
                .split(File.pathSeparator, -1))
        .filter(directory -> directory.startsWith("/"))
        .map(Path::of)
        .filter(directory -> !directory.startsWith(home));
  }
}

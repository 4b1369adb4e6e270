package dev.sandboxed.maven.project;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Paths as files of a project name each other. */
final class CheckoutPath {
  private static final int MAX_LENGTH = 1_000;

  private CheckoutPath() {}

  /**
   * Returns where a path leads that a file in a directory names.
   *
   * @param directory in the project; empty for the project itself
   * @param path as it is written, perhaps by somebody hostile
   * @return a path in the project, empty for the project itself; nothing if it leads outside
   */
  static Optional<String> of(String directory, String path) {
    try {
      var resolved = Path.of(directory).resolve(path).normalize();
      return path.length() > MAX_LENGTH || resolved.isAbsolute() || resolved.startsWith("..")
          ? Optional.empty()
          : Optional.of(resolved.toString());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Returns the path of a file in a directory of the project. */
  static String join(String directory, String name) {
    return directory.isEmpty() || name.isEmpty() ? directory + name : directory + "/" + name;
  }

  /** Returns the directory of a file of the project; empty for the project itself. */
  static String parent(String file) {
    return file.substring(0, Math.max(0, file.lastIndexOf('/')));
  }
}

package dev.sandboxed.maven;

import java.nio.file.Path;
import java.util.List;

/** Runs {@code sandbox:shell} as Maven does, in a JVM of its own that may have a terminal. */
final class ShellProgram {
  private ShellProgram() {}

  /**
   * Takes the sandbox's id, the id of a snapshot after an @, or a directory for a new one; after
   * it, an entry of its matrix.
   */
  public static void main(String[] arguments) {
    var shell = new ShellMojo();
    if (arguments[0].startsWith("/")) {
      shell.directory = Path.of(arguments[0]).toFile();
    } else if (arguments[0].startsWith("@")) {
      shell.snapshotId = arguments[0].substring(1);
    } else {
      shell.sandboxId = arguments[0];
    }
    if (arguments.length > 1) {
      shell.matrix = List.of(arguments[1]);
    }
    try {
      shell.execute();
      System.out.println("shell: done");
    } catch (Exception e) {
      System.out.println("shell: " + e.getMessage());
      System.exit(1);
    }
  }
}

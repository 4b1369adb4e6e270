package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Set;

/** Copies and removes directories with all that is in them. */
final class Trees {
  /** What building or testing leaves in a project. */
  private static final Set<String> MADE =
      Set.of("target", "node_modules", "__pycache__", ".pytest_cache");

  private Trees() {}

  /** Copies a project over what is there, without what was made in it. */
  static void copyProject(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var entries = Files.list(from)) {
      for (var entry : entries.sorted().toList()) {
        var target = to.resolve(from.relativize(entry));
        if (MADE.contains(String.valueOf(entry.getFileName()))) {
          continue;
        }
        if (Files.isDirectory(entry)) {
          copyProject(entry, target);
        } else {
          Files.copy(entry, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  /** Removes a directory, if it is there. */
  static void remove(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (var files = Files.walk(tree)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

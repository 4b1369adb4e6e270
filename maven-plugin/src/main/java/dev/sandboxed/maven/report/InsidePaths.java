package dev.sandboxed.maven.report;

import dev.sandboxed.maven.report.Finding.Place;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds out what of the checkout a tool means by a path that it names.
 *
 * @param root the checkout inside, absolute
 * @param workdir where the tool runs, absolute
 */
record InsidePaths(Path root, Path workdir) {

  /** Returns a place of the checkout; empty if the path is none in it. */
  Optional<Place> place(String name, int line) {
    try {
      var inside = workdir.resolve(name).normalize();
      return inside.startsWith(root) && !inside.equals(root)
          ? Optional.of(new Place(root.relativize(inside).toString(), line))
          : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}

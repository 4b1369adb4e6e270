package dev.sandboxed.core.volume;

import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.HostPaths;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Goes from directory to directory in a volume. */
final class Walk {
  private static final Path EMPTY = Path.of("");

  private Walk() {}

  /** Returns the path of one name, of exactly the bytes of its UTF-8. */
  static Path path(String name) {
    return HostPaths.resolve(EMPTY, ByteStrings.of(name));
  }

  /**
   * Opens the directory at the end of a path.
   *
   * @throws NoSuchFileException if something on the way is missing
   * @throws NotDirectoryException if something on the way is no directory
   */
  static OpenDirectory open(StoredVolume volume, List<String> names) throws IOException {
    var directory = volume.open();
    for (var name : names) {
      try (var parent = directory) {
        directory = parent.child(path(name));
      }
    }
    return directory;
  }

  /** Opens the directory at the end of a path; what is missing is made. */
  static OpenDirectory make(StoredVolume volume, List<String> names, Work work) throws IOException {
    var directory = volume.open();
    for (var name : names) {
      try (var parent = directory) {
        directory = childOrNew(parent, path(name), work);
      }
    }
    return directory;
  }

  private static OpenDirectory childOrNew(OpenDirectory parent, Path name, Work work)
      throws IOException {
    try {
      return parent.child(name);
    } catch (NoSuchFileException e) {
      // Java makes directories by path only, so it is made elsewhere and moved in: into the place
      // of another empty one at most.
      var made = Files.createTempDirectory(work.tree(), "d");
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
      try (var from = OpenDirectory.trusted(work.tree())) {
        from.move(made.getFileName(), parent, name);
      } catch (FileSystemException moved) {
        return parent.child(name);
      }
      return parent.child(name);
    }
  }
}

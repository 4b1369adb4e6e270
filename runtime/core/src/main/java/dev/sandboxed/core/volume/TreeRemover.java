package dev.sandboxed.core.volume;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Removes trees that code in a running sandbox may still be changing, however deep they are.
 *
 * <p>A directory is emptied by moving the directories in it up into the top one. So a tree of a
 * million levels takes no more handles than one of two, and a directory that is worked on lies
 * where no sandbox can put a link in its place.
 */
final class TreeRemover {
  static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

  /** How many names of a directory are read before they are worked on. */
  private static final int BATCH = 1024;

  /** How often something may be put into a directory that was empty before it is left. */
  private static final int MAX_REFILLED = 1000;

  /** More than this is only ever there if somebody keeps making more. */
  private static final long MAX_ENTRIES = 100_000_000;

  private final Path top;
  private final boolean alone;
  private long entries;
  private int refilled;
  private boolean stuck;

  private TreeRemover(Path top, boolean alone) {
    this.top = top;
    this.alone = alone;
  }

  /**
   * Removes a directory with all it holds.
   *
   * @param top a directory that no sandbox has; what is in it, sandboxes may have
   * @param alone whether no sandbox has what is in it. If one may, directories whose modes keep
   *     this user from reading them are left: they could be swapped for links
   * @return whether it is gone; else another try makes sense when no sandbox has it
   */
  static boolean remove(Path top, boolean alone) throws IOException {
    try {
      return new TreeRemover(top, alone).remove();
    } catch (NoSuchFileException e) {
      return true;
    }
  }

  private boolean remove() throws IOException {
    try (var directory = OpenDirectory.trusted(top)) {
      while (!stuck && refilled < MAX_REFILLED && entries < MAX_ENTRIES) {
        var names = some(directory);
        if (names.isEmpty()) {
          Files.delete(top);
          return true;
        }
        for (var name : names) {
          removeChild(directory, name);
        }
      }
      return false;
    }
  }

  private void removeChild(OpenDirectory directory, Path name) throws IOException {
    entries++;
    if (!directory.attributes(name).isDirectory()) {
      directory.removeFile(name);
      return;
    }
    // By its path, which is safe here: only this process changes what is in the top directory.
    Files.setPosixFilePermissions(top.resolve(name), OWNER_ONLY);
    try (var child = directory.child(name)) {
      for (var names = some(child); !names.isEmpty() && !stuck; names = some(child)) {
        for (var below : names) {
          takeOut(child, top.resolve(name), below, directory);
        }
      }
    }
    try {
      directory.removeDirectory(name);
    } catch (DirectoryNotEmptyException e) {
      refilled++;
    }
  }

  private void takeOut(OpenDirectory child, Path path, Path name, OpenDirectory to)
      throws IOException {
    if (++entries >= MAX_ENTRIES) {
      stuck = true;
    }
    try {
      if (!child.attributes(name).isDirectory()) {
        child.removeFile(name);
        return;
      }
      var free = Path.of("." + entries + "-" + System.nanoTime());
      try {
        child.move(name, to, free);
      } catch (AccessDeniedException e) {
        // Only who may write to a directory may move it elsewhere.
        makeWritable(child, path, name);
        child.move(name, to, free);
      }
    } catch (NoSuchFileException e) {
      // Somebody else was quicker.
    } catch (AccessDeniedException e) {
      stuck = true;
    }
  }

  private void makeWritable(OpenDirectory child, Path path, Path name) throws IOException {
    if (alone) {
      Files.setPosixFilePermissions(path.resolve(name), OWNER_ONLY);
    } else {
      child.setPermissions(name, OWNER_ONLY);
    }
  }

  private static List<Path> some(OpenDirectory directory) throws IOException {
    var names = new ArrayList<Path>();
    directory.names(name -> names.add(name) && names.size() < BATCH);
    return names;
  }
}

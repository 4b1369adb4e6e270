package dev.sandboxed.core.volume;

import dev.sandboxed.core.binaries.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A private directory for what is being made or removed. Its name says which process does it, so
 * that another can remove what a killed one left.
 *
 * @param directory what it is all in
 */
record Work(Path directory) implements AutoCloseable {
  private static final String TREE = "tree";

  static Work create(Path parent) throws IOException {
    var name = ProcessIdentity.own().toString().replace(' ', ',') + "," + UUID.randomUUID();
    var directory = Files.createDirectory(parent.resolve(name), VolumeStore.PRIVATE);
    Files.createDirectory(directory.resolve(TREE), VolumeStore.PRIVATE);
    return new Work(directory);
  }

  /** Returns whether the process that made it is gone. */
  boolean isLeft() {
    var name = directory.getFileName().toString();
    var end = Math.max(0, name.lastIndexOf(','));
    return ProcessIdentity.parse(name.substring(0, end).replace(',', ' '))
        .map(p -> !p.mayLive())
        .orElse(false);
  }

  /** Returns the directory to work in. */
  Path tree() {
    return directory.resolve(TREE);
  }

  /** Says that sandboxes which have a volume may have what is put here, too. */
  void sharedWith(StoredVolume volume) throws IOException {
    // The same file by another name: its locks are the volume's.
    Files.createLink(lock().lock(), volume.lock());
  }

  /** Removes it; what is not possible as long as sandboxes have it is left for a sweep. */
  @Override
  public void close() throws IOException {
    if (!Files.exists(lock().lock())) {
      discard(true);
      return;
    }
    var hold = lock().tryHold();
    try {
      discard(hold.isPresent());
    } finally {
      if (hold.isPresent()) {
        hold.get().close();
      }
    }
  }

  private void discard(boolean alone) throws IOException {
    if (TreeRemover.remove(tree(), alone)) {
      Files.deleteIfExists(lock().lock());
      Files.deleteIfExists(directory);
    }
  }

  private StoredVolume lock() {
    return new StoredVolume("", directory);
  }
}

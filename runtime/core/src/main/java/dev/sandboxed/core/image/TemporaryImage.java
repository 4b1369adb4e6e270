package dev.sandboxed.core.image;

import dev.sandboxed.core.tree.DirectoryRemover;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;

/**
 * A file that is being written under a temporary name. Its writer holds a lock on it, which the
 * kernel drops when the process ends, however it ends: that is how a file that nobody finishes is
 * told from one in the making.
 */
final class TemporaryImage implements AutoCloseable {
  private static final String SUFFIX = ".tmp";

  /** What somebody else writes while this file is locked: a file, or a directory. */
  private static final String COMPANION = ".part";

  private static final Duration AN_HOUR = Duration.ofHours(1);

  private final Path path;
  private final FileChannel channel;

  private TemporaryImage(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static TemporaryImage create(Path directory) throws IOException {
    while (true) {
      Path path = directory.resolve(ownPrefix() + UUID.randomUUID() + SUFFIX);
      FileChannel channel =
          FileChannel.open(
              path,
              Set.of(
                  StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      var file = new TemporaryImage(path, channel);
      // A sweeper may have been quicker; then it has deleted the file, or is about to.
      if (channel.tryLock() != null && Files.exists(path)) {
        return file;
      }
      file.close();
    }
  }

  /** Removes what writers left behind that did not live to finish. */
  static void sweep(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      for (Path file : files) {
        // Not this process's own: closing a second channel on a file drops the lock of the first.
        if (!String.valueOf(file.getFileName()).startsWith(ownPrefix())) {
          removeAbandoned(file);
        }
      }
    }
    // They lose their names as soon as they are open; one that keeps its name was left by a kill.
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(directory, "{layer,tar,packed}-*.{unpacked,layer}")) {
      for (Path file : files) {
        removeOld(file);
      }
    }
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(directory, "*" + SUFFIX + COMPANION)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        Path owner = file.resolveSibling(name.substring(0, name.length() - COMPANION.length()));
        // The file that is locked is made before its companion, and removed after it.
        if (!Files.exists(owner)) {
          DirectoryRemover.remove(file);
        }
      }
    }
  }

  private static void removeOld(Path file) throws IOException {
    try {
      if (Files.getLastModifiedTime(file).toInstant().isBefore(Instant.now().minus(AN_HOUR))) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // It has lost its name.
      return;
    }
  }

  private static void removeAbandoned(Path file) throws IOException {
    // To read, with a shared lock: a writer that was killed just before it gave the file its name
    // has taken away the permission to write.
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
      if (lock != null) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException | OverlappingFileLockException e) {
      // Finished or removed meanwhile.
      return;
    }
  }

  private static String ownPrefix() {
    return ProcessHandle.current().pid() + "-";
  }

  /** Returns a path beside this file, where something may lie as long as this is open. */
  Path companion() {
    return path.resolveSibling(path.getFileName() + COMPANION);
  }

  FileChannel channel() {
    return channel;
  }

  /** Gives the file its name once all of it is on the disk. */
  void moveTo(Path target) throws IOException {
    channel.force(true);
    moveUnsynced(target);
  }

  /** Gives the file its name, whatever of it is on the disk. */
  void moveUnsynced(Path target) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--r--r--"));
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Removes the file unless it was moved. */
  @Override
  public void close() throws IOException {
    try {
      Files.deleteIfExists(path);
    } finally {
      channel.close();
    }
  }
}

package dev.sandboxed.core.binaries;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Files under temporary names in the cache. Each is locked by its writer, and the kernel lets go of
 * the lock when that process ends, however it ends: an unlocked one has nobody left.
 */
final class TemporaryFiles {
  private static final String SUFFIX = ".tmp";
  private static final String WRITING_MODE = "rw-------";
  private static final int OWNER_WRITES = 0200;
  private static final Duration RENAMED_WITHIN = Duration.ofMinutes(1);

  private TemporaryFiles() {}

  /** A new temporary file beside the target. */
  static Writer create(Path target) throws IOException {
    while (true) {
      Path path =
          target.resolveSibling(
              "." + target.getFileName() + "." + ownMark() + UUID.randomUUID() + SUFFIX);
      FileChannel channel =
          FileChannel.open(
              path,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(WRITING_MODE)));
      Writer writer = new Writer(path, channel);
      // A sweeper may have been quicker; then it has deleted the file, or is about to.
      if (channel.tryLock() != null && Files.exists(path)) {
        return writer;
      }
      writer.close();
    }
  }

  /** Removes what processes that have ended left behind in the directories under the given one. */
  static void sweep(Path parent) {
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(parent, Files::isDirectory)) {
      for (Path directory : directories) {
        sweepDirectory(directory);
      }
    } catch (IOException e) {
      throw CacheErrors.cannotRead(parent, e);
    }
  }

  private static void sweepDirectory(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, ".*" + SUFFIX)) {
      for (Path file : files) {
        // Not this process's own: closing a second channel on a file drops the lock of the first.
        if (!file.getFileName().toString().contains("." + ownMark())) {
          deleteIfAbandoned(file);
        }
      }
    }
  }

  private static String ownMark() {
    return ProcessHandle.current().pid() + "-";
  }

  private static void deleteIfAbandoned(Path file) throws IOException {
    try {
      UnixStat stat = UnixStat.of(file);
      if (isComplete(stat)) {
        deleteIfNeverRenamed(file, stat);
        return;
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
          FileLock lock = channel.tryLock()) {
        // Looked at again under the lock: a writer completes its file before it lets go of it.
        if (lock != null && !isComplete(UnixStat.of(file))) {
          Files.deleteIfExists(file);
        }
      }
    } catch (OverlappingFileLockException | NoSuchFileException | AccessDeniedException e) {
      // Its writer has just finished with it.
      return;
    }
  }

  /** Whether the file has its final mode, which a writer gives it before the rename. */
  private static boolean isComplete(UnixStat stat) {
    return (stat.permissions() & OWNER_WRITES) == 0;
  }

  private static void deleteIfNeverRenamed(Path file, UnixStat stat) throws IOException {
    long age = System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(stat.modified());
    if (age > RENAMED_WITHIN.toMillis()) {
      Files.deleteIfExists(file);
    }
  }

  /** A file being written: closed, it is gone unless it was put in place. */
  record Writer(Path path, FileChannel channel) implements AutoCloseable {
    /** Gives the complete file its mode and its name. */
    void putInPlace(Path target, String mode) throws IOException {
      channel.force(true);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
      // Before the rename: a program that is open for writing cannot be executed.
      channel.close();
      Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
      // First the name, then the lock.
      Files.deleteIfExists(path);
      channel.close();
    }
  }
}

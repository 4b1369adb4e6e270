package dev.sandboxed.core.binaries;

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
 * Files under temporary names in the cache. Each is locked by its writer, and the kernel lets go of
 * the lock when that process ends, however it ends: an unlocked one has nobody left.
 */
final class TemporaryFiles {
  private static final String SUFFIX = ".tmp";

  // A writer creates its file first and locks it next: leave it the time.
  private static final Duration MIN_AGE = Duration.ofMinutes(1);

  private TemporaryFiles() {}

  /** A new temporary file beside the target. */
  static Writer create(Path target) throws IOException {
    Path path =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + SUFFIX);
    FileChannel channel =
        FileChannel.open(
            path,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Writer writer = new Writer(path, channel);
    try {
      channel.lock();
      return writer;
    } catch (IOException e) {
      writer.close();
      throw e;
    }
  }

  /** Removes what processes that have ended left behind in the directories under the given one. */
  static void sweep(Path parent) {
    Instant newest = Instant.now().minus(MIN_AGE);
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(parent, Files::isDirectory)) {
      for (Path directory : directories) {
        sweepDirectory(directory, newest);
      }
    } catch (IOException e) {
      throw CacheErrors.cannotRead(parent, e);
    }
  }

  private static void sweepDirectory(Path directory, Instant newest) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, ".*" + SUFFIX)) {
      for (Path file : files) {
        deleteIfAbandoned(file, newest);
      }
    }
  }

  private static void deleteIfAbandoned(Path file, Instant newest) throws IOException {
    try {
      if (Files.getLastModifiedTime(file).toInstant().isAfter(newest)) {
        return;
      }
    } catch (NoSuchFileException e) {
      return;
    }
    // Opened for writing, as an exclusive lock needs; a finished program is not writable any more.
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        Files.deleteIfExists(file);
      }
    } catch (OverlappingFileLockException | NoSuchFileException e) {
      // Another thread of this process writes it, or its writer has just put it in place.
      return;
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

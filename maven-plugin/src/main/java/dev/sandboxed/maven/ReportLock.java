package dev.sandboxed.maven;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Keeps other builds from writing reports into the same directory at the same time. It ends with
 * this process, however that ends.
 */
final class ReportLock implements AutoCloseable {
  /** The file that is locked; it stays, as whoever waits has it open. */
  static final String FILE = ".lock";

  private final Optional<FileChannel> channel;

  private ReportLock(Optional<FileChannel> channel) {
    this.channel = channel;
  }

  /**
   * Waits until no other build writes to a directory. Where it cannot be locked, that is said, and
   * nothing is waited for.
   *
   * @throws IOException if the thread is interrupted
   */
  static ReportLock take(Path directory, Console console) throws IOException {
    FileChannel channel = null;
    var locked = false;
    try {
      ReportDirectory.at(directory);
      var file = directory.resolve(FILE);
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
          && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(file + " is no regular file; remove it");
      }
      channel =
          FileChannel.open(
              file,
              Set.of(
                  StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
      lock(channel, directory, console);
      locked = true;
      return new ReportLock(Optional.of(channel));
    } catch (FileLockInterruptionException e) {
      throw new IOException("Interrupted while waiting for another build", e);
    } catch (IOException e) {
      console.warn(
          "Another build that writes to %s at the same time would not be noticed: %s"
              .formatted(directory, SafeText.line(String.valueOf(e.getMessage()))));
      return new ReportLock(Optional.empty());
    } finally {
      if (channel != null && !locked) {
        channel.close();
      }
    }
  }

  private static void lock(FileChannel channel, Path directory, Console console)
      throws IOException {
    if (tryLock(channel) != null) {
      return;
    }
    console.info(
        "Waits for another build that writes to %s; set sandbox.reportDirectory to run beside it"
            .formatted(directory));
    while (true) {
      try {
        channel.lock();
        return;
      } catch (OverlappingFileLockException e) {
        // A thread of this process has it, which Java does not wait for.
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        if (Thread.interrupted()) {
          throw new FileLockInterruptionException();
        }
      }
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  /** Lets other builds go on. */
  @Override
  public void close() throws IOException {
    if (channel.isPresent()) {
      channel.get().close();
    }
  }
}

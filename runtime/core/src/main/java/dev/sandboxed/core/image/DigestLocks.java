package dev.sandboxed.core.image;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** One lock for each name, against the threads of this process and against other processes. */
final class DigestLocks {
  private final Path directory;
  private final ConcurrentMap<String, ReentrantLock> threads = new ConcurrentHashMap<>();

  DigestLocks(Path directory) {
    this.directory = directory;
  }

  /** Waits for a lock. */
  Held acquire(String name) throws IOException {
    ReentrantLock thread = threads.computeIfAbsent(name, key -> new ReentrantLock());
    thread.lock();
    try {
      FileChannel channel =
          FileChannel.open(
              directory.resolve(name + ".lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE);
      try {
        return new Held(thread, channel, lock(channel));
      } catch (IOException | RuntimeException | Error e) {
        channel.close();
        throw e;
      }
    } catch (IOException | RuntimeException | Error e) {
      thread.unlock();
      throw e;
    }
  }

  /**
   * Java refuses a file lock that another store in this process holds instead of waiting for it.
   */
  private static FileLock lock(FileChannel channel) throws IOException {
    while (true) {
      try {
        return channel.lock();
      } catch (OverlappingFileLockException e) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      }
    }
  }

  /** A lock that is held until it is closed, by the thread that took it. */
  record Held(ReentrantLock thread, FileChannel channel, FileLock file) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try {
        channel.close();
      } finally {
        thread.unlock();
      }
    }
  }
}

package dev.sandboxed.core.image;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
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
          FileChannel.open(path(name), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
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
   * Waits for a lock until the thread is interrupted.
   *
   * @throws InterruptedException if it was
   */
  Held acquireInterruptibly(String name) throws IOException, InterruptedException {
    ReentrantLock thread = threads.computeIfAbsent(name, key -> new ReentrantLock());
    thread.lockInterruptibly();
    try {
      // An interrupt closes the channel, and so ends the wait for another process.
      FileChannel channel =
          FileChannel.open(path(name), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        return new Held(thread, channel, lock(channel));
      } catch (IOException | RuntimeException | Error e) {
        channel.close();
        throw e;
      }
    } catch (FileLockInterruptionException | ClosedByInterruptException e) {
      thread.unlock();
      // As with other methods that throw this: whoever catches it has been told.
      Thread.interrupted();
      throw new InterruptedException("Interrupted while waiting for the lock " + name);
    } catch (IOException | RuntimeException | Error e) {
      thread.unlock();
      throw e;
    }
  }

  /** Takes a lock that nobody holds; returns at once, with nothing if somebody does. */
  Optional<Held> tryAcquire(String name) throws IOException {
    ReentrantLock thread = threads.computeIfAbsent(name, key -> new ReentrantLock());
    if (thread.isHeldByCurrentThread() || !thread.tryLock()) {
      return Optional.empty();
    }
    FileChannel channel = null;
    FileLock lock = null;
    try {
      channel = FileChannel.open(path(name), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      lock = channel.tryLock();
      return lock == null ? Optional.empty() : Optional.of(new Held(thread, channel, lock));
    } catch (OverlappingFileLockException e) {
      return Optional.empty();
    } finally {
      if (lock == null) {
        try {
          if (channel != null) {
            channel.close();
          }
        } finally {
          thread.unlock();
        }
      }
    }
  }

  private Path path(String name) {
    return directory.resolve(name + ".lock");
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
        if (Thread.currentThread().isInterrupted()) {
          throw new FileLockInterruptionException();
        }
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

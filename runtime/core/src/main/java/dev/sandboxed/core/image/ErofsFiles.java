package dev.sandboxed.core.image;

import dev.sandboxed.core.erofs.ErofsSuperblock;
import dev.sandboxed.core.erofs.ErofsWriter;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The EROFS files of a store, each named by the digest of what it is made from. Sandboxes need not
 * wait until a large one is on the disk: that happens meanwhile, and what a power failure left of
 * one is made again. Thread-safe.
 */
final class ErofsFiles {
  static final String SUFFIX = ".erofs";

  /** To write less than this to the disk takes less time than the mark that it is not there. */
  private static final long LARGE = 32 << 20;

  private final Path directory;
  private final DigestLocks locks;
  private final UnsyncedFiles unsynced;
  private final Set<String> syncing = ConcurrentHashMap.newKeySet();

  /**
   * Makes the part of a store that holds the files.
   *
   * @param marks the directory for marks of files that are not on the disk yet
   */
  ErofsFiles(Path directory, DigestLocks locks, Path marks) {
    this.directory = directory;
    this.locks = locks;
    this.unsynced = new UnsyncedFiles(marks);
  }

  Path path(String digest) {
    return directory.resolve(digest + SUFFIX);
  }

  /** Returns the digest that a file is named by. */
  static String digest(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(0, name.length() - SUFFIX.length());
  }

  /** Returns whether a file is there and is the image of its name; notes that it is used. */
  boolean has(String digest) {
    Path file = path(digest);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (!ErofsSuperblock.read(channel).id().equals(id(digest))) {
        return false;
      }
      if (unsynced.isMarked(digest)) {
        if (!unsynced.isOfThisBoot(digest)) {
          return false;
        }
        // Whoever made it has ended before it was on the disk, or is about to write it there.
        syncMeanwhile(digest);
      }
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Returns the file of a digest, made if it is not there; of several who want it one makes it.
   *
   * @return whether this call made it
   */
  boolean make(String digest, OpenTree.Source source) throws IOException {
    if (has(digest)) {
      return false;
    }
    try (DigestLocks.Held lock = locks.acquire(digest)) {
      if (lock.file().isValid() && has(digest)) {
        return false;
      }
      try (OpenTree tree = source.open();
          TemporaryImage temporary = TemporaryImage.create(directory)) {
        write(tree, digest, temporary.channel());
        if (temporary.channel().size() >= LARGE && unsynced.mark(digest)) {
          temporary.moveUnsynced(path(digest));
          syncMeanwhile(digest);
        } else {
          temporary.moveTo(path(digest));
          unsynced.unmark(digest);
        }
      }
    } catch (IOException e) {
      throw StoreErrors.withSpace(e, directory);
    }
    return true;
  }

  /** Waits until a file is on the disk, for those that nobody could make again. */
  void settle(String digest) {
    if (unsynced.isMarked(digest)) {
      sync(digest);
    }
  }

  private static void write(OpenTree tree, String digest, FileChannel target) throws IOException {
    try {
      ErofsWriter.write(tree.tree(), id(digest), target);
    } catch (TreeException e) {
      // If a source is damaged, that says more.
      tree.check();
      throw e;
    }
    tree.check();
  }

  private void syncMeanwhile(String digest) {
    if (syncing.add(digest)) {
      var thread = new Thread(() -> sync(digest), "sandboxed-sync");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** With the lock, so that it is the marked file, and that nobody marks another one meanwhile. */
  private void sync(String digest) {
    try (DigestLocks.Held lock = locks.acquire(digest)) {
      if (lock.file().isValid()) {
        try (FileChannel file = FileChannel.open(path(digest), StandardOpenOption.READ)) {
          file.force(true);
        } catch (IOException e) {
          // Nobody knows what of it is there then. It is made again.
          Files.deleteIfExists(path(digest));
        }
        unsynced.unmark(digest);
      }
    } catch (IOException e) {
      // The mark stays, and the next that uses the file tries again.
      return;
    } finally {
      syncing.remove(digest);
    }
  }

  /** Returns the file system's UUID: the first half of the digest. */
  private static UUID id(String digest) {
    return new UUID(
        new BigInteger(digest.substring(0, 16), 16).longValue(),
        new BigInteger(digest.substring(16, 32), 16).longValue());
  }
}

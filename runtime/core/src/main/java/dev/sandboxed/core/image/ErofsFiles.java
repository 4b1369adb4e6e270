package dev.sandboxed.core.image;

import dev.sandboxed.core.erofs.ErofsSuperblock;
import dev.sandboxed.core.erofs.ErofsWriter;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.UUID;

/** The EROFS files of a store, each named by the digest of what it is made from. Thread-safe. */
final class ErofsFiles {
  static final String SUFFIX = ".erofs";

  private final Path directory;
  private final DigestLocks locks;

  ErofsFiles(Path directory, DigestLocks locks) {
    this.directory = directory;
    this.locks = locks;
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
        ErofsWriter.write(tree.tree(), id(digest), temporary.channel());
        tree.check();
        temporary.moveTo(path(digest));
      }
    } catch (IOException e) {
      throw StoreErrors.withSpace(e, directory);
    }
    return true;
  }

  /** Returns the file system's UUID: the first half of the digest. */
  private static UUID id(String digest) {
    return new UUID(
        new BigInteger(digest.substring(0, 16), 16).longValue(),
        new BigInteger(digest.substring(16, 32), 16).longValue());
  }
}

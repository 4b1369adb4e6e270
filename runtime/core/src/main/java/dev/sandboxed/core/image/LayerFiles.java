package dev.sandboxed.core.image;

import dev.sandboxed.ByteSize;
import dev.sandboxed.core.tree.TreeDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The layers of a store: uncompressed archives as OCI describes them, each named by the digest of
 * its bytes. They are what images are made from, again and again. Thread-safe.
 */
final class LayerFiles {
  private static final int BUFFER = 1 << 20;

  private final Path directory;

  LayerFiles(Path directory) {
    this.directory = directory;
  }

  Path path(String digest) {
    return directory.resolve(digest);
  }

  /** Returns the length of a layer; empty if it is not there. */
  Optional<ByteSize> size(String digest) throws IOException {
    try {
      return Optional.of(new ByteSize(Files.size(path(digest))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Notes that a layer is used, if it is there. */
  void noteUse(String digest) throws IOException {
    try {
      Files.setLastModifiedTime(path(digest), FileTime.from(Instant.now()));
    } catch (NoSuchFileException e) {
      // It is made again when it is needed.
      return;
    }
  }

  /**
   * Opens a layer after all of it was checked against its name; a damaged one is removed.
   *
   * @return empty if it is not there, or was damaged
   */
  Optional<FileChannel> open(String digest) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(path(digest), StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    try {
      if (digest(channel).equals(digest)) {
        noteUse(digest);
        return Optional.of(channel);
      }
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
    channel.close();
    Files.deleteIfExists(path(digest));
    return Optional.empty();
  }

  /** Returns a place for a layer that is to be made. */
  Draft draft() throws IOException {
    return new Draft(TemporaryImage.create(directory));
  }

  /**
   * A layer in the making; closed without having been kept, nothing is left of it. Whoever writes
   * it may open, close and replace its file at will, so its maker's lock is on another file.
   */
  final class Draft implements AutoCloseable {
    private final TemporaryImage guard;
    private final Path file;

    private Draft(TemporaryImage guard) {
      this.guard = guard;
      this.file = guard.companion();
    }

    /** Returns where the layer is to be written; no file is there yet. */
    Path file() {
      return file;
    }

    /** Gives the layer its name once all of it is on the disk, and returns that. */
    String keep() throws IOException {
      String digest;
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        channel.force(true);
        digest = digest(channel);
      }
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
      Files.move(file, path(digest), StandardCopyOption.ATOMIC_MOVE);
      return digest;
    }

    @Override
    public void close() throws IOException {
      try {
        Files.deleteIfExists(file);
      } finally {
        guard.close();
      }
    }
  }

  private static String digest(FileChannel channel) throws IOException {
    MessageDigest sha256 = TreeDigest.sha256();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    for (long at = 0; ; ) {
      int read = channel.read(buffer.clear(), at);
      if (read < 0) {
        return HexFormat.of().formatHex(sha256.digest());
      }
      at += read;
      sha256.update(buffer.flip());
    }
  }
}

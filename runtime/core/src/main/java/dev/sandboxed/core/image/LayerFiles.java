package dev.sandboxed.core.image;

import dev.sandboxed.ByteSize;
import dev.sandboxed.core.tree.TreeDigest;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

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
    Optional<Unchecked> layer = openUnchecked(digest);
    if (layer.isEmpty()) {
      return Optional.empty();
    }
    try {
      if (layer.get().isWhole()) {
        return Optional.of(layer.get().channel());
      }
    } catch (IOException | RuntimeException | Error e) {
      layer.get().close();
      throw e;
    }
    layer.get().close();
    return Optional.empty();
  }

  /**
   * Opens a layer that is checked against its name while it is read: nothing that comes of it may
   * be used before {@link Unchecked#isWhole} has said that it was as it should be.
   *
   * @return empty if it is not there
   */
  Optional<Unchecked> openUnchecked(String digest) throws IOException {
    try {
      return Optional.of(
          new Unchecked(digest, FileChannel.open(path(digest), StandardOpenOption.READ)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** A layer that is read by somebody, and by a thread of its own that checks it. */
  final class Unchecked implements Closeable {
    private final String name;
    private final FileChannel channel;
    private final CompletableFuture<String> found;

    private Unchecked(String name, FileChannel channel) {
      this.name = name;
      this.channel = channel;
      this.found = CompletableFuture.supplyAsync(this::sum, Unchecked::inThread);
    }

    private static void inThread(Runnable check) {
      var thread = new Thread(check, "sandboxed-layer-check");
      thread.setDaemon(true);
      thread.start();
    }

    private String sum() {
      try {
        return digest(channel);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    FileChannel channel() {
      return channel;
    }

    /** Waits for the check; a damaged layer is removed. */
    boolean isWhole() throws IOException {
      try {
        if (found.join().equals(name)) {
          noteUse(name);
          return true;
        }
      } catch (CompletionException e) {
        if (e.getCause() instanceof UncheckedIOException failure) {
          throw new IOException("Cannot read " + path(name) + ": " + failure.getMessage(), failure);
        }
        throw e;
      }
      Files.deleteIfExists(path(name));
      return false;
    }

    /** Ends the check too, if it goes on. */
    @Override
    public void close() throws IOException {
      channel.close();
    }
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

    /**
     * Gives the layer its name once all of it is written, and returns that. Nothing waits for the
     * disk: what a power failure takes of it is found by its name.
     */
    String keep() throws IOException {
      String digest;
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
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

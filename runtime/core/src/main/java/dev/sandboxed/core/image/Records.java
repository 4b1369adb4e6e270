package dev.sandboxed.core.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Small files that say what is known under a key, written all at once. What they say can always be
 * found out again. Thread-safe.
 */
final class Records {
  private static final int MAX_BYTES = 4 << 20;

  private final Path directory;

  Records(Path directory) {
    this.directory = directory;
  }

  /** Returns what is known, and notes that it is used. */
  Optional<byte[]> read(String key) throws IOException {
    Path file = directory.resolve(key);
    try {
      if (Files.size(file) > MAX_BYTES) {
        return Optional.empty();
      }
      byte[] bytes = Files.readAllBytes(file);
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
      return Optional.of(bytes);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  void write(String key, byte[] bytes) throws IOException {
    try (TemporaryImage temporary = TemporaryImage.create(directory)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        temporary.channel().write(buffer);
      }
      temporary.moveTo(directory.resolve(key));
    } catch (IOException e) {
      throw StoreErrors.withSpace(e, directory);
    }
  }

  /**
   * A step that is known.
   *
   * @param used when it was used last
   */
  record KnownStep(StepRecord step, Instant used) {}

  /** Returns all steps that are known, which does not count as a use. */
  List<KnownStep> steps() throws IOException {
    var steps = new ArrayList<KnownStep>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String key = String.valueOf(file.getFileName());
        try {
          if (KeyDigest.isDigest(key) && Files.size(file) <= MAX_BYTES) {
            Instant used = Files.getLastModifiedTime(file).toInstant();
            StepRecord.parse(Files.readAllBytes(file), key)
                .ifPresent(step -> steps.add(new KnownStep(step, used)));
          }
        } catch (NoSuchFileException e) {
          // Another process prunes.
        }
      }
    }
    return steps;
  }

  /** Notes when something was used last. */
  void setUsed(String key, Instant time) throws IOException {
    try {
      Files.setLastModifiedTime(directory.resolve(key), FileTime.from(time));
    } catch (NoSuchFileException e) {
      // Another process prunes.
      return;
    }
  }

  void remove(String key) throws IOException {
    Files.deleteIfExists(directory.resolve(key));
  }

  /** Removes what was not used since a time. */
  void removeUnusedSince(Instant time) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        try {
          if (Files.getLastModifiedTime(file).toInstant().isBefore(time)) {
            Files.deleteIfExists(file);
          }
        } catch (NoSuchFileException e) {
          // Another process prunes too.
        }
      }
    }
  }
}

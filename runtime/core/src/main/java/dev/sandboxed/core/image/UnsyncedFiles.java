package dev.sandboxed.core.image;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Marks for files that are used before all of them is on the disk. A mark names the boot of the
 * machine that the file was written in. As long as that lasts, whoever reads the file gets what was
 * written, from memory where the disk has not got it; in any other boot it is not known what a
 * power failure has left of it. Thread-safe.
 */
final class UnsyncedFiles {
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  private final Path directory;

  UnsyncedFiles(Path directory) {
    this.directory = directory;
  }

  /**
   * Marks a file that is about to get its name.
   *
   * @return false if it cannot be marked, since nothing tells one boot from another
   */
  boolean mark(String name) throws IOException {
    Optional<String> boot = boot();
    if (boot.isEmpty()) {
      return false;
    }
    try (FileChannel mark =
        FileChannel.open(
            directory.resolve(name),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      var text = StandardCharsets.US_ASCII.encode(boot.get());
      while (text.hasRemaining()) {
        mark.write(text);
      }
      // It must be on the disk before the name of what it marks.
      mark.force(true);
    }
    sync(directory);
    return true;
  }

  boolean isMarked(String name) {
    return Files.exists(directory.resolve(name));
  }

  /** Returns whether what was written to a marked file can still be read. */
  boolean isOfThisBoot(String name) throws IOException {
    try {
      var mark = Files.readString(directory.resolve(name), StandardCharsets.ISO_8859_1);
      return boot().filter(mark::equals).isPresent();
    } catch (NoSuchFileException e) {
      // All of it got to the disk meanwhile.
      return true;
    }
  }

  /** Takes a mark away, if there is one. */
  void unmark(String name) throws IOException {
    Files.deleteIfExists(directory.resolve(name));
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Optional<String> boot() {
    try {
      var id = Files.readString(BOOT, StandardCharsets.ISO_8859_1).strip();
      return id.isEmpty() ? Optional.empty() : Optional.of(id);
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}

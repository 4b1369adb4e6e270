package dev.sandboxed.core.volume;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * The directory of one volume: {@code data}, which sandboxes get, and the file {@code lock}, which
 * their keepers hold together with others and who removes the volume holds alone.
 *
 * @param name the volume's name
 * @param directory an absolute path
 */
record StoredVolume(String name, Path directory) {
  private static final String DATA = "data";
  private static final String LOCK = "lock";

  /** Makes what belongs in the directory of a volume. */
  static void fill(Path directory) throws IOException {
    var data = Files.createDirectory(directory.resolve(DATA));
    // For all users inside; on the host the directories above keep everybody else out.
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createFile(
        directory.resolve(LOCK),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  Path data() {
    return directory.resolve(DATA);
  }

  Path lock() {
    return directory.resolve(LOCK);
  }

  /** Returns when it was made; nothing is ever written to the lock. */
  Instant created() throws IOException {
    return Files.getLastModifiedTime(lock(), LinkOption.NOFOLLOW_LINKS).toInstant();
  }

  /** Returns whether a sandbox has it, or somebody is removing it. */
  boolean isInUse() throws IOException {
    try (var hold = tryHold().orElse(null)) {
      return hold == null;
    } catch (NoSuchFileException | NotDirectoryException e) {
      return false;
    }
  }

  /** Keeps sandboxes from using it; empty if one has it. */
  Optional<Hold> tryHold() throws IOException {
    var channel =
        FileChannel.open(
            lock(),
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
    try {
      if (channel.tryLock() != null) {
        return Optional.of(new Hold(channel));
      }
    } catch (OverlappingFileLockException e) {
      // Another thread of this process is about to remove it.
    }
    channel.close();
    return Optional.empty();
  }

  /** Nobody else has the volume while it is open. */
  record Hold(FileChannel channel) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /** Opens the top of what sandboxes have. */
  OpenDirectory open() throws IOException {
    return OpenDirectory.trusted(data());
  }
}

package dev.sandboxed.core.binaries;

import dev.sandboxed.BackendUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Bundled programs, unpacked once per user to {@code <root>/bin/<sha256>/<name>}.
 *
 * <p>Any number of threads and processes may use one cache at once: one of them, under a lock,
 * writes under a temporary name and renames the complete, checked file into place.
 *
 * <p>A program is checked before each use. The digest of a large program takes longer than starting
 * a sandbox, so a file that had the right digest is stamped with its inode, size and times, and as
 * long as stat(2) still says the same, it is the same: every write, and every replacement, moves
 * the change time, which no call can set. Whatever differs gets its digest computed again, and is
 * unpacked anew if that differs too. The directories are writable for this user alone; someone who
 * can act as this user, or read the disk's raw blocks, needs no cache to change what runs. What
 * stat(2) cannot see, a failing disk, is for {@link #verify}.
 */
public final class BinaryCache {
  private static final String LOCK = ".lock";
  private static final String STAMP_MODE = "r--------";
  private static final String PROGRAM_MODE = "r-xr-xr-x";
  private static final int PROGRAM_PERMISSIONS = 0555;
  private static final int BUFFER_SIZE = 1 << 16;
  private static final int MAX_STAMP = 1 << 10;

  private final CacheRoot root;
  private final AtomicBoolean swept = new AtomicBoolean();

  /** A cache under the given root. */
  public BinaryCache(CacheRoot root) {
    this.root = root;
  }

  /**
   * The path of the program, unpacked if it is not there yet, and checked.
   *
   * @throws BackendUnavailableException if it cannot be unpacked, has not the digest it should have
   *     or cannot be executed from there
   */
  public Path path(BundledBinary binary) {
    Path directory = root.directory("bin/" + binary.sha256());
    Path file = directory.resolve(binary.name());
    if (!swept.getAndSet(true)) {
      TemporaryFiles.sweep(root.directory("bin"));
    }
    if (!isIntact(binary, file)) {
      unpackOnce(binary, file);
    }
    if (!Files.isExecutable(file)) {
      throw CacheErrors.notExecutable(file);
    }
    return file;
  }

  /**
   * Reads the whole unpacked program and compares its digest, whatever its stamp says; unpacks it
   * anew if that differs.
   *
   * @return true if it was intact, false if it had to be unpacked anew
   */
  public boolean verify(BundledBinary binary) {
    Path file = path(binary);
    if (digestOf(file).equals(binary.sha256())) {
      return true;
    }
    unpack(binary, file);
    stamp(file);
    return false;
  }

  /**
   * Unpacks a program that no other process and no other thread has unpacked meanwhile: theirs may
   * be in use already, and must stay the file that it is.
   */
  private void unpackOnce(BundledBinary binary, Path file) {
    Path name = root.directory("bin").resolve(LOCK);
    try (FileChannel channel =
            FileChannel.open(name, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lock(channel)) {
      if (lock.isValid() && !isIntact(binary, file)) {
        unpack(binary, file);
        stamp(file);
      }
    } catch (IOException e) {
      throw CacheErrors.cannotWrite(name, e);
    }
  }

  /** Java refuses a lock that another thread of this process holds instead of waiting for it. */
  private static FileLock lock(FileChannel channel) throws IOException {
    while (true) {
      try {
        return channel.lock();
      } catch (OverlappingFileLockException e) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      }
    }
  }

  private static boolean isIntact(BundledBinary binary, Path file) {
    UnixStat stat;
    try {
      stat = UnixStat.of(file);
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw CacheErrors.cannotRead(file, e);
    }
    if (!stat.isRegularFile()
        || stat.uid() != UnixStat.ownUid()
        || stat.permissions() != PROGRAM_PERMISSIONS) {
      return false;
    }
    if (stampOf(stat).equals(readStamp(file).orElse(""))) {
      return true;
    }
    if (!digestOf(file).equals(binary.sha256())) {
      return false;
    }
    // The state from before the digest was computed: a write meanwhile leaves a stamp that differs.
    writeStamp(file, stampOf(stat));
    return true;
  }

  private static void unpack(BundledBinary binary, Path file) {
    try (TemporaryFiles.Writer temporary = TemporaryFiles.create(file)) {
      String actual = copy(binary, temporary.channel(), file);
      if (!actual.equals(binary.sha256())) {
        throw new BackendUnavailableException(
            "The bundled %s in %s is damaged: its SHA-256 is %s where %s was expected; %s"
                .formatted(
                    binary.name(),
                    binary.resource(),
                    actual,
                    binary.sha256(),
                    BundledBinary.howToRenew()));
      }
      temporary.putInPlace(file, PROGRAM_MODE);
    } catch (IOException e) {
      throw CacheErrors.cannotWrite(file, e);
    }
  }

  private static String copy(BundledBinary binary, FileChannel out, Path file) {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER_SIZE];
    try (InputStream in = binary.open()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        write(out, ByteBuffer.wrap(buffer, 0, n), file);
      }
    } catch (IOException e) {
      throw BundledBinary.unreadable(binary.name(), binary.resource(), e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void write(FileChannel out, ByteBuffer bytes, Path file) {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw CacheErrors.cannotWrite(file, e);
    }
  }

  private static void stamp(Path file) {
    try {
      writeStamp(file, stampOf(UnixStat.of(file)));
    } catch (IOException e) {
      throw CacheErrors.cannotRead(file, e);
    }
  }

  private static String stampOf(UnixStat stat) {
    return "1 %d %d %d %d %d"
        .formatted(stat.device(), stat.inode(), stat.size(), stat.modified(), stat.changed());
  }

  private static Optional<String> readStamp(Path file) {
    try (InputStream in = Files.newInputStream(stampFile(file))) {
      return Optional.of(new String(in.readNBytes(MAX_STAMP), StandardCharsets.US_ASCII));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  // A stamp saves time, no more: where it cannot be written, the next use computes the digest.
  private static void writeStamp(Path file, String stamp) {
    try (TemporaryFiles.Writer temporary = TemporaryFiles.create(stampFile(file))) {
      temporary.channel().write(StandardCharsets.US_ASCII.encode(stamp));
      temporary.putInPlace(stampFile(file), STAMP_MODE);
    } catch (IOException e) {
      System.getLogger(BinaryCache.class.getName())
          .log(System.Logger.Level.DEBUG, () -> "no stamp for " + file, e);
    }
  }

  private static Path stampFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".verified");
  }

  private static String digestOf(Path file) {
    MessageDigest digest = sha256();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_SIZE);
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      while (in.read(buffer) >= 0) {
        digest.update(buffer.flip());
        buffer.clear();
      }
    } catch (IOException e) {
      throw CacheErrors.cannotRead(file, e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}

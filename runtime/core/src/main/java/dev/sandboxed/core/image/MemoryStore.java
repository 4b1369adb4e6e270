package dev.sandboxed.core.image;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ImageException;
import dev.sandboxed.KeptImage;
import dev.sandboxed.core.image.MemoryRecord.FileSum;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.tree.DirectoryRemover;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;

/**
 * Snapshots of sandboxes with their memory: each a directory that gets its name when all of it is
 * there, with a record of what it holds. They are readable for their user alone, since a memory
 * holds what programs know. Thread-safe.
 */
public final class MemoryStore {
  private final Path directory;
  private final ErofsFiles files;
  private final DigestLocks locks;
  private final Runnable grown;

  /** The stamps of the files of snapshots that this process has read from end to end. */
  private final ConcurrentMap<String, Map<String, String>> checked = new ConcurrentHashMap<>();

  /**
   * Makes a part of a store.
   *
   * @param grown is run when a snapshot was added
   */
  MemoryStore(Path directory, ErofsFiles files, DigestLocks locks, Runnable grown) {
    this.directory = directory;
    this.files = files;
    this.locks = locks;
    this.grown = grown;
  }

  /**
   * A snapshot that was found whole.
   *
   * @param directory holds what the runtime wrote
   * @param image what its sandbox was started from, and copies are
   * @param spec what copies are, in the words of whoever kept it
   * @param version tells it from another that has taken its place
   */
  public record KeptMemory(Path directory, PreparedImage image, JsonObject spec, Object version) {}

  /**
   * Keeps a snapshot; one of the same id is replaced. The image's file stays as long as it does.
   *
   * @param id 64 hexadecimal digits
   * @param image what the sandbox was started from
   * @param spec what copies are; no secret may be in it
   * @param memory writes the snapshot into an empty directory
   * @throws ImageException if the image is gone, or the snapshot cannot be written
   */
  public void add(String id, PreparedImage image, JsonObject spec, Consumer<Path> memory) {
    try {
      files.settle(ErofsFiles.digest(image.erofs()));
      if (!files.has(ErofsFiles.digest(image.erofs()))) {
        throw new ImageException(
            "Cannot keep a snapshot: the file of the image that the sandbox started from is gone"
                + " from the store. Start a new sandbox.");
      }
      try (TemporaryImage guard = TemporaryImage.create(directory)) {
        try {
          write(id, image, spec, memory, guard.companion());
        } finally {
          DirectoryRemover.remove(guard.companion());
        }
      }
    } catch (IOException e) {
      throw new ImageException(
          "Cannot keep a snapshot: " + StoreErrors.reason(StoreErrors.withSpace(e, directory)), e);
    }
  }

  /** Tidies up after something was added; not to be called with a lock held. */
  public void makeRoom() {
    grown.run();
  }

  private void write(
      String id, PreparedImage image, JsonObject spec, Consumer<Path> memory, Path draft)
      throws IOException {
    Files.createDirectory(
        draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    memory.accept(draft);
    MemoryRecord record = MemoryRecord.of(image, spec, draft);
    Path file =
        Files.createFile(
            draft.resolve(MemoryRecord.NAME),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(file, record.toBytes(), StandardOpenOption.WRITE);
    // Nothing waits for the disk: what a power failure takes is found by the sums.
    remove(id);
    Files.move(draft, directory.resolve(id), StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Finds a snapshot, and notes that it is used. All of it is read once in each process.
   *
   * @return empty if there is none of this id
   * @throws ImageException if it is damaged, or its image is gone; then it is removed
   */
  public Optional<KeptMemory> find(String id) {
    Path kept = directory.resolve(id);
    if (!KeyDigest.isDigest(id) || !Files.isDirectory(kept)) {
      return Optional.empty();
    }
    Optional<MemoryRecord> record = MemoryRecord.read(kept);
    Optional<String> damage =
        record.isEmpty()
            ? Optional.of("its record cannot be read")
            : damage(id, kept, record.get());
    if (damage.isPresent()) {
      discard(id);
      throw new ImageException(
          "The memory snapshot %s is damaged and was removed: %s".formatted(id, damage.get()));
    }
    try {
      Files.setLastModifiedTime(kept.resolve(MemoryRecord.NAME), FileTime.from(Instant.now()));
      return Optional.of(
          new KeptMemory(kept, record.get().image(), record.get().spec(), version(kept)));
    } catch (IOException e) {
      // Somebody removes it just now.
      return Optional.empty();
    }
  }

  private Optional<String> damage(String id, Path kept, MemoryRecord record) {
    if (!files.has(ErofsFiles.digest(record.image().erofs()))) {
      return Optional.of("the file of its image is gone from the store");
    }
    try {
      var stamps = new TreeMap<String, String>();
      for (String name : record.files().keySet()) {
        stamps.put(name, stamp(kept.resolve(name)));
      }
      if (stamps.equals(checked.get(id))) {
        return Optional.empty();
      }
      for (Map.Entry<String, FileSum> file : record.files().entrySet()) {
        if (!FileSum.of(kept.resolve(file.getKey())).equals(file.getValue())) {
          return Optional.of(file.getKey() + " is not what was written");
        }
      }
      checked.put(id, stamps);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(StoreErrors.reason(e));
    }
  }

  /** Every change of a file, and every replacement, changes what the kernel says of it. */
  private static String stamp(Path file) throws IOException {
    return new TreeMap<>(Files.readAttributes(file, "unix:ino,size,lastModifiedTime,ctime"))
        .toString();
  }

  /**
   * Removes a snapshot.
   *
   * @return whether there was one
   * @throws ImageException if it cannot be removed
   */
  public boolean discard(String id) {
    try {
      return KeyDigest.isDigest(id) && remove(id);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot remove the memory snapshot " + id + ": " + StoreErrors.reason(e) + ".", e);
    }
  }

  /**
   * Removes what was found, unless something else has taken its place.
   *
   * @return whether this call removed it
   */
  public boolean discard(KeptMemory found) {
    try {
      return version(found.directory()).equals(found.version())
          && discard(String.valueOf(found.directory().getFileName()));
    } catch (IOException e) {
      return false;
    }
  }

  private static Object version(Path kept) throws IOException {
    return String.valueOf(Files.getAttribute(kept.resolve(MemoryRecord.NAME), "unix:ino"));
  }

  /** Takes the name away first: nobody finds half of a snapshot. */
  boolean remove(String id) throws IOException {
    checked.remove(id);
    Path kept = directory.resolve(id);
    if (!Files.isDirectory(kept)) {
      return false;
    }
    try (TemporaryImage guard = TemporaryImage.create(directory)) {
      try {
        Files.move(kept, guard.companion(), StandardCopyOption.ATOMIC_MOVE);
      } catch (NoSuchFileException e) {
        // Another process was quicker.
        return false;
      } finally {
        DirectoryRemover.remove(guard.companion());
      }
    }
    return true;
  }

  /**
   * Takes the lock of a snapshot that is to be made, against threads and processes; waits while
   * somebody else makes it.
   *
   * @return the lock, for its thread to close
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  public Making make(String id) throws InterruptedException {
    try {
      return new Making(locks.acquireInterruptibly(id));
    } catch (IOException e) {
      throw new ImageException(
          "Cannot lock the memory snapshot " + id + ": " + StoreErrors.reason(e) + ".", e);
    }
  }

  /** The right to make a snapshot, until it is closed by its thread. */
  public static final class Making implements AutoCloseable {
    private final DigestLocks.Held lock;

    private Making(DigestLocks.Held lock) {
      this.lock = lock;
    }

    @Override
    public void close() {
      try {
        lock.close();
      } catch (IOException e) {
        throw new ImageException("Cannot unlock a memory snapshot: " + e.getMessage(), e);
      }
    }
  }

  /** Lists the snapshots; those that are damaged have no size. */
  List<KeptImage> list() throws IOException {
    var list = new ArrayList<KeptImage>();
    for (Path kept : kept()) {
      try {
        list.add(
            new KeptImage(
                String.valueOf(kept.getFileName()),
                KeptImage.Kind.MEMORY,
                new ByteSize(size(kept)),
                used(kept),
                Optional.empty()));
      } catch (NoSuchFileException e) {
        // Removed meanwhile.
      }
    }
    return list;
  }

  /** Returns the digests of the files of images that snapshots need. */
  List<String> images() throws IOException {
    var needed = new ArrayList<String>();
    for (Path kept : kept()) {
      MemoryRecord.read(kept)
          .ifPresent(record -> needed.add(ErofsFiles.digest(record.image().erofs())));
    }
    return needed;
  }

  private List<Path> kept() throws IOException {
    var kept = new ArrayList<Path>();
    try (DirectoryStream<Path> ids = Files.newDirectoryStream(directory)) {
      for (Path id : ids) {
        if (KeyDigest.isDigest(String.valueOf(id.getFileName()))) {
          kept.add(id);
        }
      }
    }
    return kept;
  }

  /** Adds up the files themselves: there may be hundreds of snapshots, and records take parsing. */
  private static long size(Path kept) throws IOException {
    long size = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(kept)) {
      for (Path file : files) {
        size += Files.size(file);
      }
    }
    return size;
  }

  Path path(String id) {
    return directory.resolve(id);
  }

  private static Instant used(Path kept) throws IOException {
    Path record = kept.resolve(MemoryRecord.NAME);
    return Files.getLastModifiedTime(Files.exists(record) ? record : kept).toInstant();
  }
}

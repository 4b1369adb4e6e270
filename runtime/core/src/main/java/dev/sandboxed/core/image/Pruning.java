package dev.sandboxed.core.image;

import dev.sandboxed.ByteSize;
import dev.sandboxed.KeptImage;
import dev.sandboxed.KeptImage.Kind;
import dev.sandboxed.PrunedImages;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Removes from a store what its limits do not let stay: the longest unused first. Never removed is
 * what a snapshot needs that lives or has a memory, what a process has open, what somebody holds
 * the lock of, and what was used in the last minutes. Thread-safe.
 */
final class Pruning {
  /** An image used this recently may be about to be mounted. */
  private static final Duration IN_USE = Duration.ofMinutes(10);

  private final Path images;
  private final Path layers;
  private final Snapshots snapshots;
  private final MemoryStore memory;
  private final Records records;
  private final DigestLocks locks;

  Pruning(
      Path images,
      Path layers,
      Snapshots snapshots,
      MemoryStore memory,
      Records records,
      DigestLocks locks) {
    this.images = images;
    this.layers = layers;
    this.snapshots = snapshots;
    this.memory = memory;
    this.records = records;
    this.locks = locks;
  }

  private record Kept(Path file, String digest, Kind kind, long size, Instant used) {}

  PrunedImages prune(StoreLimits limits) throws IOException {
    Instant now = Instant.now();
    var expired = new HashSet<String>();
    var needed = new HashSet<String>();
    int ended = 0;
    for (Map.Entry<String, SnapshotRecord> snapshot : snapshots.all().entrySet()) {
      SnapshotRecord record = snapshot.getValue();
      if (!record.isExpired(now)) {
        addFiles(record, needed);
      } else if (snapshots.removeExpired(snapshot.getKey(), now)) {
        ended++;
        // The layers are nobody else's; the file below belongs to an image that may go on.
        expired.addAll(record.layers());
        expired.add(record.image().root().digest());
      }
    }
    // To know what memories need takes reading them all, for which there is seldom a reason.
    Once<Set<String>> staying =
        new Once<>(
            () -> {
              needed.addAll(memory.images());
              return needed;
            });
    PrunedImages removed = remove(kept(), staying, expired, limits, now);
    Duration age = limits.maxAge().compareTo(IN_USE) > 0 ? limits.maxAge() : IN_USE;
    records.removeUnusedSince(now.minus(age));
    return new PrunedImages(
        removed.images(), removed.layers(), removed.snapshots() + ended, removed.size());
  }

  /** Lists what is kept, the longest unused first. */
  List<KeptImage> list() throws IOException {
    var all = new ArrayList<KeptImage>();
    for (Kept file : kept()) {
      all.add(
          new KeptImage(
              file.digest(),
              file.kind(),
              new ByteSize(file.size()),
              file.used(),
              Optional.empty()));
    }
    all.addAll(snapshots.list());
    all.sort(Comparator.comparing(KeptImage::lastUsed));
    return List.copyOf(all);
  }

  private static void addFiles(SnapshotRecord record, Set<String> files) {
    files.add(record.base());
    files.addAll(record.layers());
  }

  private PrunedImages remove(
      List<Kept> kept,
      Once<Set<String>> needed,
      Set<String> surplus,
      StoreLimits limits,
      Instant now)
      throws IOException {
    long total = kept.stream().mapToLong(Kept::size).sum();
    var removed = new EnumMap<Kind, Integer>(Kind.class);
    long bytes = 0;
    Once<OpenFiles> open = new Once<>(OpenFiles::now);
    for (Kept file : kept) {
      Duration unused = Duration.between(file.used(), now);
      boolean isUsed = unused.compareTo(IN_USE) <= 0;
      boolean isOver = !isUsed && total - bytes > limits.maxSize().bytes();
      boolean isOld = !isUsed && unused.compareTo(limits.maxAge()) > 0;
      if ((isOver || isOld || surplus.contains(file.digest()))
          && !needed.get().contains(file.digest())
          && removed(file, open)) {
        removed.merge(file.kind(), 1, Integer::sum);
        bytes += file.size();
      }
    }
    return new PrunedImages(
        removed.getOrDefault(Kind.IMAGE, 0),
        removed.getOrDefault(Kind.LAYER, 0),
        removed.getOrDefault(Kind.MEMORY, 0),
        new ByteSize(bytes));
  }

  private boolean removed(Kept file, Once<OpenFiles> open) throws IOException {
    Optional<DigestLocks.Held> lock = locks.tryAcquire(file.digest());
    if (lock.isEmpty()) {
      return false;
    }
    try (DigestLocks.Held held = lock.get()) {
      if (file.kind() == Kind.MEMORY) {
        // A copy that is starting has its files open, whatever becomes of their names.
        return held.file().isValid() && memory.remove(file.digest());
      }
      return held.file().isValid()
          && !open.get().contains(file.file())
          && Files.deleteIfExists(file.file());
    } catch (NoSuchFileException e) {
      // Another process prunes too.
      return false;
    }
  }

  /** Something that takes time to find out, and is asked for when it is needed. */
  private static final class Once<T> {
    private final Source<T> source;
    private @Nullable T known;

    Once(Source<T> source) {
      this.source = source;
    }

    T get() throws IOException {
      T value = known;
      if (value == null) {
        value = source.get();
        known = value;
      }
      return value;
    }
  }

  @FunctionalInterface
  private interface Source<T> {
    T get() throws IOException;
  }

  /** Lists files, the longest unused first. */
  private List<Kept> kept() throws IOException {
    var kept = new ArrayList<Kept>();
    add(images, Kind.IMAGE, kept);
    add(layers, Kind.LAYER, kept);
    for (KeptImage one : memory.list()) {
      kept.add(
          new Kept(
              memory.path(one.id()), one.id(), Kind.MEMORY, one.size().bytes(), one.lastUsed()));
    }
    kept.sort(Comparator.comparing(Kept::used));
    return kept;
  }

  private static void add(Path directory, Kind kind, List<Kept> kept) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        boolean isLayer = kind == Kind.LAYER;
        String digest = isLayer ? name : name.replaceFirst("\\.erofs$", "");
        if (KeyDigest.isDigest(digest) && isLayer == name.equals(digest)) {
          try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            kept.add(
                new Kept(
                    file,
                    digest,
                    kind,
                    attributes.size(),
                    attributes.lastModifiedTime().toInstant()));
          } catch (NoSuchFileException e) {
            // Another process prunes too.
          }
        }
      }
    }
  }
}

package dev.sandboxed.core.image;

import dev.sandboxed.ByteSize;
import dev.sandboxed.KeptImage;
import dev.sandboxed.core.registry.ImageConfig;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Snapshots of file systems: each a layer over the image that its sandbox started from. To take one
 * costs what has changed; its file is made when a sandbox starts from it. Thread-safe.
 */
final class Snapshots {
  /** With more layers than these, a snapshot lies on the file of the one that it was taken in. */
  private static final int MAX_LAYERS = 8;

  private final Path directory;
  private final ErofsFiles files;
  private final LayerFiles layers;
  private final RootFiles roots;
  private final DigestLocks locks;

  Snapshots(
      Path directory, ErofsFiles files, LayerFiles layers, RootFiles roots, DigestLocks locks) {
    this.directory = directory;
    this.files = files;
    this.layers = layers;
    this.roots = roots;
    this.locks = locks;
  }

  /**
   * Adds a snapshot.
   *
   * @param parent what its sandbox started from
   * @param changes writes the layer over that
   * @return the snapshot's id
   */
  String add(PreparedImage parent, LayerWriter changes, Optional<Duration> timeToLive)
      throws IOException {
    String file = ErofsFiles.digest(parent.erofs());
    if (!files.has(file)) {
      throw new TreeException(
          "the file of the image that the sandbox started from is gone from the store. Start a new"
              + " sandbox.");
    }
    String layer;
    try (LayerFiles.Draft draft = layers.draft()) {
      changes.write(draft.file());
      roots.check(SnapshotRecord.base(file), draft.file());
      layer = draft.keep();
    }
    Optional<Instant> expires = timeToLive.map(life -> Instant.now().plus(life));
    SnapshotRecord record = record(parent, file, layer, expires);
    return keep(record);
  }

  /**
   * Keeps a snapshot whose base and layers are there; of two lives the longer counts.
   *
   * @return the snapshot's id
   */
  String keep(SnapshotRecord record) throws IOException {
    String id = record.image().digest();
    files.settle(record.base());
    try (DigestLocks.Held lock = locks.acquire(id)) {
      Optional<SnapshotRecord> same = lock.file().isValid() ? read(id) : Optional.empty();
      write(id, same.map(record::living).orElse(record));
    }
    return id;
  }

  private SnapshotRecord record(
      PreparedImage parent, String file, String layer, Optional<Instant> expires)
      throws IOException {
    var config =
        new ImageConfig(
            parent.environment(), parent.workingDirectory(), parent.user(), parent.entrypoint());
    Optional<SnapshotRecord> below = read(parent.digest());
    if (below.isEmpty() || below.get().layers().size() >= MAX_LAYERS) {
      return new SnapshotRecord(file, List.of(layer), parent.mounts(), config, expires);
    }
    // What lies below is kept already; the file between need not be kept for this one's sake.
    var all = new ArrayList<>(below.get().layers());
    all.add(layer);
    return new SnapshotRecord(below.get().base(), all, parent.mounts(), config, expires);
  }

  /**
   * Returns the image that a snapshot is.
   *
   * @throws TreeException if it is gone
   */
  ResolvedImage resolve(String id) throws IOException {
    Optional<SnapshotRecord> record =
        KeyDigest.isDigest(id)
            ? read(id).filter(snapshot -> !snapshot.isExpired(Instant.now()))
            : Optional.empty();
    if (record.isEmpty()) {
      throw new TreeException(
          "there is no such snapshot. It was removed, its time to live is over, or it was taken by"
              + " another user or with another cache directory.");
    }
    return record.get().image();
  }

  /** Removes a snapshot; what it needed goes when the store is pruned. */
  boolean remove(String id) throws IOException {
    return KeyDigest.isDigest(id) && Files.deleteIfExists(directory.resolve(id));
  }

  /** Removes a snapshot unless it got a longer life meanwhile. */
  boolean removeExpired(String id, Instant now) throws IOException {
    try (DigestLocks.Held lock = locks.acquire(id)) {
      return lock.file().isValid()
          && read(id).filter(record -> record.isExpired(now)).isPresent()
          && remove(id);
    }
  }

  /** Returns all snapshots by their ids. */
  Map<String, SnapshotRecord> all() throws IOException {
    var all = new HashMap<String, SnapshotRecord>();
    try (DirectoryStream<Path> ids = Files.newDirectoryStream(directory)) {
      for (Path file : ids) {
        String id = String.valueOf(file.getFileName());
        if (KeyDigest.isDigest(id)) {
          read(id).ifPresent(record -> all.put(id, record));
        }
      }
    }
    return all;
  }

  /** Lists all snapshots. */
  List<KeptImage> list() throws IOException {
    var list = new ArrayList<KeptImage>();
    for (Map.Entry<String, SnapshotRecord> snapshot : all().entrySet()) {
      Path file = directory.resolve(snapshot.getKey());
      try {
        list.add(
            new KeptImage(
                snapshot.getKey(),
                KeptImage.Kind.SNAPSHOT,
                new ByteSize(Files.size(file)),
                Files.getLastModifiedTime(file).toInstant(),
                snapshot.getValue().expires()));
      } catch (NoSuchFileException e) {
        // Removed meanwhile.
      }
    }
    return list;
  }

  /** A record that says something else than its name is as good as none. */
  private Optional<SnapshotRecord> read(String id) throws IOException {
    try {
      return SnapshotRecord.parse(Files.readAllBytes(directory.resolve(id)))
          .filter(record -> record.image().digest().equals(id));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private void write(String id, SnapshotRecord record) throws IOException {
    try (TemporaryImage temporary = TemporaryImage.create(directory)) {
      var bytes = ByteBuffer.wrap(record.toBytes());
      while (bytes.hasRemaining()) {
        temporary.channel().write(bytes);
      }
      temporary.moveTo(directory.resolve(id));
    } catch (IOException e) {
      throw StoreErrors.withSpace(e, directory);
    }
  }
}

package dev.sandboxed.core.image;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Images.Carried;
import dev.sandboxed.core.erofs.ErofsReader;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import dev.sandboxed.core.tree.ArchiveLimits;
import dev.sandboxed.core.tree.LayeredTree;
import dev.sandboxed.core.tree.TarWriter;
import dev.sandboxed.core.tree.TreeDigest;
import dev.sandboxed.core.tree.TreeException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Carries what steps have made, and snapshots, from one store to another, in a directory: an index,
 * and archives that are named by the digests of their bytes. The index is replaced at once when all
 * that it names is there, so the directory is whole at any moment. Thread-safe.
 *
 * <p>A directory that comes from elsewhere is hostile: no link is followed, every archive is
 * checked, and host directories that a snapshot shows must be those that this machine shows itself.
 */
final class CarriedStore {
  static final String INDEX = "sandboxed-cache.json";
  static final String BLOBS = "blobs";
  private static final int FORMAT = 1;
  private static final long MAX_INDEX = 16 << 20;
  private static final int MAX_ENTRIES = 100_000;
  private static final int MAX_LEFT_OUT = 20;
  private static final Duration AN_HOUR = Duration.ofHours(1);

  private final HostImages host;
  private final ErofsFiles files;
  private final LayerFiles layers;
  private final Records records;
  private final Snapshots snapshots;
  private final DigestLocks locks;
  private final long mostBytes;

  /**
   * Makes the part of a store that is carried.
   *
   * @param mostBytes the length of an archive beyond which it is not taken
   */
  CarriedStore(
      HostImages host,
      ErofsFiles files,
      LayerFiles layers,
      Records records,
      Snapshots snapshots,
      DigestLocks locks,
      long mostBytes) {
    this.host = host;
    this.files = files;
    this.layers = layers;
    this.records = records;
    this.snapshots = snapshots;
    this.locks = locks;
    this.mostBytes = mostBytes;
  }

  /** One line of the index: a step with its layer, or a snapshot with its base's archive. */
  private record Entry(
      String id, Instant used, Optional<SnapshotRecord> snapshot, List<String> archives) {

    JsonObject toJson() {
      var members = new LinkedHashMap<String, Object>();
      members.put("id", id);
      members.put("usedMillis", used.toEpochMilli());
      members.put("archives", archives);
      snapshot.ifPresent(record -> members.put("snapshot", record.toJson()));
      return JsonObject.of(members);
    }

    static Optional<Entry> of(JsonObject json) {
      var archives =
          json.array("archives").orElse(List.of()).stream()
              .filter(String.class::isInstance)
              .map(String.class::cast)
              .filter(KeyDigest::isDigest)
              .toList();
      var snapshot = json.object("snapshot").map(JsonObject::toBytes);
      var record = snapshot.flatMap(SnapshotRecord::parse);
      var id = json.string("id").filter(KeyDigest::isDigest);
      var wanted = record.map(r -> r.layers().size() + 1).orElse(1);
      if (id.isEmpty() || snapshot.isPresent() != record.isPresent() || archives.size() != wanted) {
        return Optional.empty();
      }
      // A time that is to come would keep it for ever.
      var millis = Math.max(0, json.number("usedMillis").orElse(0));
      var used = Instant.ofEpochMilli(Math.min(millis, Instant.now().toEpochMilli()));
      return Optional.of(new Entry(id.get(), used, record, archives));
    }
  }

  /**
   * Writes what was used last into a directory, until there is no more room.
   *
   * @param room how many bytes of archives there may be
   */
  Carried export(Path directory, ByteSize room) throws IOException {
    // Two at once would remove each other's archives.
    var lock = new KeyDigest("carried").text(directory.toString()).hex();
    try (var held = locks.acquire(lock)) {
      if (!held.file().isValid()) {
        throw new IOException("the lock of " + directory + " was lost");
      }
      return exportAlone(directory, room);
    }
  }

  private Carried exportAlone(Path directory, ByteSize room) throws IOException {
    requireOwn(directory);
    var blobs = directory.resolve(BLOBS);
    Files.createDirectories(blobs);
    var target = new LayerFiles(blobs);
    var found = new ArrayList<>(steps());
    found.addAll(taken());
    found.sort(Comparator.comparing(Entry::used).reversed().thenComparing(Entry::id));
    var written = new ArrayList<Entry>();
    var names = new HashSet<String>();
    var left = new ArrayList<String>();
    var bytes = 0L;
    for (var entry : found) {
      var size = size(entry, names);
      if (size.isEmpty()) {
        continue;
      }
      if (size.get() > room.bytes() - bytes || written.size() == MAX_ENTRIES) {
        note(left, "%s does not fit into %s".formatted(named(entry), room));
        continue;
      }
      var archives = archives(entry, target);
      if (archives.isPresent()) {
        bytes += size.get();
        names.addAll(archives.get());
        written.add(new Entry(entry.id(), entry.used(), entry.snapshot(), archives.get()));
      }
    }
    var index =
        JsonObject.of(
            Map.of("format", FORMAT, "entries", written.stream().map(Entry::toJson).toList()));
    new Records(directory).write(INDEX, index.toBytes());
    removeOthers(blobs, names);
    return carried(written, bytes, left);
  }

  private static Carried carried(List<Entry> entries, long bytes, List<String> left) {
    var snapshots = (int) entries.stream().filter(e -> e.snapshot().isPresent()).count();
    return new Carried(entries.size() - snapshots, snapshots, new ByteSize(bytes), left);
  }

  private static void requireOwn(Path directory) throws IOException {
    Files.createDirectories(directory);
    try (var found = Files.newDirectoryStream(directory)) {
      var isEmpty = !found.iterator().hasNext();
      if (!isEmpty && !isFile(directory.resolve(INDEX))) {
        throw new TreeException(
            "the directory has files, and none of them is %s; name an empty or a new one"
                .formatted(INDEX));
      }
    }
    if (Files.isSymbolicLink(directory.resolve(BLOBS))) {
      throw new TreeException(
          "%s in it is a symbolic link; name an empty or a new directory".formatted(BLOBS));
    }
  }

  private List<Entry> steps() throws IOException {
    return records.steps().stream()
        .map(
            known ->
                new Entry(
                    known.step().key(),
                    known.used(),
                    Optional.empty(),
                    List.of(known.step().layer())))
        .toList();
  }

  private List<Entry> taken() throws IOException {
    var taken = new ArrayList<Entry>();
    for (var snapshot : snapshots.all().entrySet()) {
      var record = snapshot.getValue();
      if (!record.isExpired(Instant.now())) {
        // What is asked for by its id, nobody can make again.
        taken.add(
            new Entry(snapshot.getKey(), Instant.now(), Optional.of(record), record.layers()));
      }
    }
    return taken;
  }

  /** Returns how many bytes an entry adds; empty if something of it is gone. */
  private Optional<Long> size(Entry entry, Set<String> written) throws IOException {
    var size = 0L;
    try {
      for (var layer : entry.archives()) {
        size += written.contains(layer) ? 0 : Files.size(layers.path(layer));
      }
      if (entry.snapshot().isPresent()) {
        size += Files.size(files.path(entry.snapshot().get().base()));
      }
      return Optional.of(size);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Writes the archives of an entry; empty if one is gone or damaged. */
  private Optional<List<String>> archives(Entry entry, LayerFiles target) throws IOException {
    var names = new ArrayList<String>();
    for (var layer : entry.archives()) {
      if (!has(target, layer)) {
        try (var source = layers.open(layer).orElse(null);
            var draft = target.draft()) {
          if (source == null) {
            return Optional.empty();
          }
          source.position(0);
          Files.copy(Channels.newInputStream(source), draft.file());
          draft.keep();
        }
      }
      names.add(layer);
    }
    if (entry.snapshot().isPresent()) {
      var base = files.path(entry.snapshot().get().base());
      try (var reader = ErofsReader.open(base);
          var draft = target.draft()) {
        try (var out = new BufferedOutputStream(Files.newOutputStream(draft.file()))) {
          TarWriter.write(reader.tree(), out);
        }
        names.add(draft.keep());
      }
    }
    return Optional.of(names);
  }

  private static boolean has(LayerFiles target, String layer) throws IOException {
    var path = target.path(layer);
    if (!isFile(path)) {
      Files.deleteIfExists(path);
      return false;
    }
    try (var found = target.open(layer).orElse(null)) {
      return found != null;
    }
  }

  private static void removeOthers(Path blobs, Set<String> names) throws IOException {
    try (var found = Files.newDirectoryStream(blobs)) {
      for (var file : found) {
        var name = String.valueOf(file.getFileName());
        // What is not named by a digest is of an export that was killed, or still under way.
        if (!names.contains(name) && (KeyDigest.isDigest(name) || isOld(file))) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static boolean isOld(Path file) throws IOException {
    try {
      var modified = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
      return modified.isBefore(Instant.now().minus(AN_HOUR));
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Takes what a directory has and this store lacks. */
  Carried take(Path directory) throws IOException {
    var left = new ArrayList<String>();
    var taken = new ArrayList<Entry>();
    var bytes = 0L;
    for (var entry : index(directory)) {
      if (isKnown(entry)) {
        continue;
      }
      try {
        var size = 0L;
        for (var archive : entry.archives()) {
          size += Files.size(blob(directory, archive));
        }
        if (entry.snapshot().isPresent()) {
          takeSnapshot(directory, entry, entry.snapshot().get());
        } else {
          takeLayer(directory, entry.archives().get(0), entry.used());
          records.write(entry.id(), new StepRecord(entry.id(), entry.archives().get(0)).toBytes());
          records.setUsed(entry.id(), entry.used());
        }
        bytes += size;
        taken.add(entry);
      } catch (TreeException e) {
        note(left, named(entry) + ": " + e.getMessage());
      }
    }
    return carried(taken, bytes, left);
  }

  private List<Entry> index(Path directory) throws IOException {
    var file = directory.resolve(INDEX);
    if (!isFile(file)) {
      throw new TreeException(
          "there is no file %s in it; name the directory of an export".formatted(INDEX));
    }
    if (Files.size(file) > MAX_INDEX) {
      throw new TreeException("%s has more than %,d bytes".formatted(INDEX, MAX_INDEX));
    }
    var entries = new ArrayList<Entry>();
    try {
      var index = JsonObject.parse(ByteBuffer.wrap(Files.readAllBytes(file)));
      if (index.number("format").orElse(0) != FORMAT) {
        throw new TreeException(
            "%s has another format than %d, that of this version; export it again"
                .formatted(INDEX, FORMAT));
      }
      for (var element : index.array("entries").orElse(List.of())) {
        var entry = element instanceof JsonObject json ? Entry.of(json) : Optional.<Entry>empty();
        entries.add(
            entry.orElseThrow(
                () -> new TreeException("%s is damaged; export it again".formatted(INDEX))));
      }
    } catch (ProtocolException e) {
      throw new TreeException("%s is damaged; export it again".formatted(INDEX), e);
    }
    return entries;
  }

  private boolean isKnown(Entry entry) throws IOException {
    if (entry.snapshot().isPresent()) {
      return snapshots.all().containsKey(entry.id());
    }
    var known = records.read(entry.id()).flatMap(bytes -> StepRecord.parse(bytes, entry.id()));
    return known.isPresent() && Files.exists(layers.path(known.get().layer()));
  }

  private void takeSnapshot(Path directory, Entry entry, SnapshotRecord record) throws IOException {
    if (record.isExpired(Instant.now())) {
      throw new TreeException("its time to live is over");
    }
    if (!record.image().digest().equals(entry.id())) {
      throw new TreeException("it is another than its id says");
    }
    if (!record.mounts().isEmpty() && !record.mounts().equals(host.resolve().mounts())) {
      throw new TreeException("it was taken on a machine with other tools");
    }
    for (var i = 0; i < record.layers().size(); i++) {
      if (!record.layers().get(i).equals(entry.archives().get(i))) {
        throw new TreeException("its layers are others than it says");
      }
      takeLayer(directory, record.layers().get(i), entry.used());
    }
    var base = entry.archives().get(record.layers().size());
    if (!files.has(record.base())) {
      try (var draft = layers.draft()) {
        copy(directory, base, draft.file());
        try (var archive = FileChannel.open(draft.file(), StandardOpenOption.READ)) {
          files.make(
              record.base(),
              () -> OpenTree.of(LayeredTree.of(List.of(archive), ArchiveLimits.generous())));
        }
      }
    }
    snapshots.keep(record);
  }

  private void takeLayer(Path directory, String layer, Instant used) throws IOException {
    if (Files.exists(layers.path(layer))) {
      return;
    }
    try (var draft = layers.draft()) {
      copy(directory, layer, draft.file());
      draft.keep();
    }
    Files.setLastModifiedTime(layers.path(layer), FileTime.from(used));
  }

  /** Copies an archive, which is the one that its name says or none. */
  private static void copy(Path directory, String name, Path target) throws IOException {
    var sha256 = TreeDigest.sha256();
    try (var in = open(directory.resolve(BLOBS).resolve(name), sha256)) {
      Files.copy(in, target);
    }
    if (!HexFormat.of().formatHex(sha256.digest()).equals(name)) {
      Files.deleteIfExists(target);
      throw new TreeException("its archive %s is damaged or false".formatted(name));
    }
  }

  private static InputStream open(Path blob, MessageDigest sha256) throws IOException {
    return new DigestInputStream(Files.newInputStream(blob, LinkOption.NOFOLLOW_LINKS), sha256);
  }

  private Path blob(Path directory, String name) throws IOException {
    var blob = directory.resolve(BLOBS).resolve(name);
    if (Files.isSymbolicLink(directory.resolve(BLOBS)) || !isFile(blob)) {
      throw new TreeException("its archive %s is missing".formatted(name));
    }
    if (Files.size(blob) > mostBytes) {
      throw new TreeException(
          "its archive %s has more than the %,d bytes that the store may have"
              .formatted(name, mostBytes));
    }
    return blob;
  }

  private static String named(Entry entry) {
    return (entry.snapshot().isPresent() ? "The snapshot " : "The step ") + entry.id();
  }

  private static void note(List<String> left, String what) {
    if (left.size() < MAX_LEFT_OUT) {
      left.add(what);
    }
  }

  private static boolean isFile(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }
}

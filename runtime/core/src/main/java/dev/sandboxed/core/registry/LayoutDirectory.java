package dev.sandboxed.core.registry;

import dev.sandboxed.core.registry.RegistryClient.RemoteImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongConsumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Images in a directory, as OCI lays them out. One that others wrote is hostile: every content is
 * checked against its digest and its size, and no link is followed to it.
 *
 * @see <a href="https://github.com/opencontainers/image-spec/blob/main/image-layout.md">Image
 *     layout</a>
 */
public final class LayoutDirectory {
  private static final String VERSION = "1.0.0";
  private static final String MARK = "oci-layout";
  private static final String INDEX = "index.json";
  private static final String NAME = "org.opencontainers.image.ref.name";
  private static final int MAX_MARK = 4096;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path directory;
  private final Limits limits;

  /** Names a layout, which need not be there. */
  public LayoutDirectory(Path directory, Limits limits) {
    this.directory = directory;
    this.limits = limits;
  }

  /** Returns what the index says of its images, as it is. */
  private List<JsonNode> entries() throws IOException {
    if (!Files.isDirectory(directory)) {
      throw RegistryException.invalid(
          "there is no directory %s; name the directory of a layout".formatted(directory));
    }
    var mark = Json.object(file(directory.resolve(MARK), MAX_MARK), "The file " + MARK);
    var version = Json.text(mark, "imageLayoutVersion").orElse("");
    if (!version.startsWith("1.")) {
      throw RegistryException.invalid(
          "the layout %s has the version \"%s\", and 1.0.0 is known"
              .formatted(directory, RegistryHttp.shown(version)));
    }
    var index = Json.object(file(directory.resolve(INDEX), limits.document()), "The index");
    var entries = new ArrayList<JsonNode>();
    index.path("manifests").forEach(entries::add);
    return entries;
  }

  /**
   * Returns one image of the layout.
   *
   * @param name by which it stands in the index; empty if it is the only one
   */
  public Entry entry(Optional<String> name) throws IOException {
    var found = new ArrayList<Entry>();
    var names = new ArrayList<String>();
    for (var node : entries()) {
      var given = name(node);
      names.add(given.map(RegistryHttp::shown).orElse("(no name)"));
      if (name.isEmpty() || name.equals(given)) {
        found.add(new Entry(this, Descriptor.of(node, "The index"), given));
      }
    }
    if (found.size() == 1 || (name.isEmpty() && isOneImage(found))) {
      return found.get(0);
    }
    throw RegistryException.invalid(
        "the layout %s has %s%s; there are: %s"
            .formatted(
                directory,
                found.isEmpty() ? "no image" : "several images",
                name.map(n -> " " + n).orElse(", so one is to be named"),
                names.isEmpty() ? "none" : String.join(", ", names)));
  }

  private static boolean isOneImage(List<Entry> entries) {
    return !entries.isEmpty()
        && entries.stream().map(e -> e.descriptor().digest()).distinct().count() == 1;
  }

  /** Returns all images of the layout. */
  public List<Entry> all() throws IOException {
    var entries = new ArrayList<Entry>();
    for (var node : entries()) {
      entries.add(new Entry(this, Descriptor.of(node, "The index"), name(node)));
    }
    return entries;
  }

  private static Optional<String> name(JsonNode entry) {
    return Json.text(entry.path("annotations"), NAME);
  }

  /**
   * An image of a layout, perhaps for several platforms.
   *
   * @param name by which it stands in the index
   */
  public record Entry(LayoutDirectory layout, Descriptor descriptor, Optional<String> name) {
    /** Returns the digest of its manifest or index. */
    public Digest digest() {
      return descriptor.digest();
    }

    /** Returns the image for a machine. */
    public RemoteImage resolve(String architecture) throws IOException {
      return ImageSource.resolve(source(), architecture, layout.limits);
    }

    /** Returns the layers of an image of this entry, unpacked and verified. */
    public Layers layers(RemoteImage image, Path scratch) throws IOException {
      return Layers.fetch(source(), layout.directory.toString(), image, layout.limits, scratch);
    }

    /** Returns what is noted of the layers of an image, the lowest first. */
    public List<Map<String, String>> annotations(RemoteImage image) throws IOException {
      var manifest = Json.object(layout.bytes(image.manifest()), "The manifest");
      var all = new ArrayList<Map<String, String>>();
      for (var layer : manifest.path("layers")) {
        var notes = new TreeMap<String, String>();
        for (var note : layer.path("annotations").properties()) {
          if (note.getValue().isString()) {
            notes.put(note.getKey(), note.getValue().asString());
          }
        }
        all.add(notes);
      }
      return all;
    }

    private ImageSource source() {
      return new ImageSource() {
        @Override
        public Document document(Optional<Digest> digest) throws IOException {
          var wanted = digest.orElse(descriptor.digest());
          var bytes = layout.bytes(wanted);
          if (digest.isEmpty() && bytes.length != descriptor.size()) {
            throw RegistryException.invalid(
                "The content %s has another size than the index says".formatted(wanted));
          }
          var type = digest.isEmpty() ? descriptor.mediaType() : "";
          return new Document(Manifest.parse(bytes, type, layout.limits), bytes.length, wanted);
        }

        @Override
        public VerifiedStream blob(Descriptor blob, LongConsumer progress) throws IOException {
          var file = layout.path(blob.digest());
          layout.requireFile(file);
          return new VerifiedStream(Files.newInputStream(file), blob, progress);
        }

        @Override
        public <T> T retried(RegistryRequests.Attempt<T> work) throws IOException {
          return work.run();
        }
      };
    }
  }

  private byte[] bytes(Digest digest) throws IOException {
    var bytes = file(path(digest), limits.document());
    if (!digest.sameOf(bytes).equals(digest)) {
      throw RegistryException.invalid(
          "The content %s of the layout is damaged or false: it has the digest %s"
              .formatted(digest, digest.sameOf(bytes)));
    }
    return bytes;
  }

  private byte[] file(Path file, int limit) throws IOException {
    requireFile(file);
    try (var in = Files.newInputStream(file)) {
      var bytes = in.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw RegistryException.invalid(
            "%s has more than %,d bytes: refused".formatted(file, limit));
      }
      return bytes;
    }
  }

  private void requireFile(Path file) throws RegistryException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw RegistryException.invalid(
          "the layout %s has no file %s: it is no layout, or incomplete"
              .formatted(directory, directory.relativize(file)));
    }
  }

  private Path path(Digest digest) {
    var colon = digest.text().indexOf(':');
    return directory
        .resolve("blobs")
        .resolve(digest.text().substring(0, colon))
        .resolve(digest.text().substring(colon + 1));
  }

  /**
   * Adds an image, in the place of one of the same name. The layout is made if it is missing, and
   * is whole at any moment.
   *
   * @return the manifest's digest
   */
  public Digest add(PackedImage image, String name) throws IOException {
    var before = new ArrayList<JsonNode>();
    if (Files.exists(directory.resolve(MARK), LinkOption.NOFOLLOW_LINKS)) {
      for (var entry : entries()) {
        if (!name(entry).equals(Optional.of(name))) {
          before.add(entry);
        }
      }
    } else {
      requireEmpty();
    }
    Files.createDirectories(directory.resolve("blobs/sha256"));
    for (var blob : image.blobs()) {
      write(blob);
    }
    write(image.manifest());
    replace(directory.resolve(MARK), JSON.writeValueAsBytes(Map.of("imageLayoutVersion", VERSION)));
    var index = new LinkedHashMap<String, Object>();
    index.put("schemaVersion", 2);
    index.put("mediaType", Manifest.OCI_INDEX);
    var entries = new ArrayList<Object>(before);
    entries.add(PackedImage.document(image.manifest().descriptor(), Map.of(NAME, name)));
    index.put("manifests", entries);
    replace(directory.resolve(INDEX), JSON.writeValueAsBytes(index));
    return image.manifest().descriptor().digest();
  }

  private void requireEmpty() throws IOException {
    try (var files = Files.newDirectoryStream(directory)) {
      if (files.iterator().hasNext()) {
        throw RegistryException.invalid(
            "the directory %s has files, and is no layout; name an empty or a new one"
                .formatted(directory));
      }
    } catch (NoSuchFileException e) {
      Files.createDirectories(directory);
    }
  }

  private void write(PackedImage.Blob blob) throws IOException {
    var target = path(blob.descriptor().digest());
    if (Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
        && Files.size(target) == blob.descriptor().size()) {
      return;
    }
    var temporary = temporary(target);
    try {
      try (var in = blob.open()) {
        Files.copy(in, temporary);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void replace(Path target, byte[] bytes) throws IOException {
    var temporary = temporary(target);
    try {
      Files.write(temporary, bytes);
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static Path temporary(Path target) {
    return target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ".tmp");
  }
}

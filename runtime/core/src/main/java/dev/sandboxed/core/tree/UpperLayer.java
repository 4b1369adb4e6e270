package dev.sandboxed.core.tree;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The upper layer of an overlay file system, as gVisor writes it as a tar, made into a layer of an
 * image: what the overlay says by devices and attributes, marks say there. The order of the members
 * depends on their names alone.
 *
 * @see <a href="https://github.com/opencontainers/image-spec/blob/main/layer.md">Image layer
 *     filesystem changeset</a>
 */
public final class UpperLayer {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";

  /** What the product itself keeps in the root directory begins so. */
  private static final String OWN = ".sandboxed";

  private final FileChannel archive;
  private final Set<String> foreign = new HashSet<>();

  /** What is at each path; hard links stand for the member that they are another name of. */
  private final Map<String, TarEntry> members = new TreeMap<>();

  private UpperLayer(FileChannel archive) {
    this.archive = archive;
  }

  /**
   * Writes the layer; the stream stays open.
   *
   * @param archive the tar that gVisor wrote, read from its beginning
   * @param foreign absolute paths where the layer has nothing, nor below them
   * @param limits for the archive
   * @throws TreeException if the archive is damaged or beyond the limits, or holds what a layer
   *     cannot
   */
  public static void write(
      FileChannel archive, Collection<String> foreign, ArchiveLimits limits, OutputStream out)
      throws IOException {
    var layer = new UpperLayer(archive);
    for (String path : foreign) {
      layer.foreign.add(String.join("/", EntryPaths.components(ByteStrings.of(path))));
    }
    layer.read(limits);
    layer.write(out);
  }

  private void read(ArchiveLimits limits) throws IOException {
    archive.position(0);
    var reader =
        new TarReader(new BufferedInputStream(Channels.newInputStream(archive), 64 << 10), limits);
    for (var entry = reader.next(); entry != null; entry = reader.next()) {
      var path = path(entry.name());
      var resolved = resolved(entry);
      if (path.isEmpty() && resolved.type() != TarEntry.Type.DIRECTORY) {
        throw new TreeException("The archive is damaged: its root is no directory.");
      }
      if (resolved.type() == TarEntry.Type.SYMLINK && resolved.linkTarget().isEmpty()) {
        throw new TreeException(
            "The archive is damaged: the link '%s' leads nowhere."
                .formatted(ByteStrings.display(entry.name())));
      }
      members.put(path, resolved);
    }
  }

  private static String path(String name) throws TreeException {
    return String.join("/", EntryPaths.components(name));
  }

  private TarEntry resolved(TarEntry entry) throws TreeException {
    if (entry.type() != TarEntry.Type.HARD_LINK) {
      return entry;
    }
    var target = members.get(path(entry.linkTarget()));
    if (target == null) {
      throw new TreeException(
          "The archive is damaged: '%s' is a link to '%s', which does not come before it."
              .formatted(
                  ByteStrings.display(entry.name()), ByteStrings.display(entry.linkTarget())));
    }
    return target;
  }

  private void write(OutputStream out) throws IOException {
    var writer = new TarWriter(out);
    var nodes = new HashMap<TarEntry, Node>();
    for (var member : members.entrySet()) {
      var path = member.getKey();
      var entry = member.getValue();
      if (isLeftOut(path)) {
        continue;
      }
      if (isRemoval(entry)) {
        if (!isBelowOpaque(path)) {
          writer.put(beside(path, WHITEOUT + checked(path)), mark());
        }
        continue;
      }
      checked(path);
      writer.put("./" + path, nodes.computeIfAbsent(entry, this::node));
      if (entry.opaque() && !isBelowOpaque(path)) {
        writer.put("./" + path + "/" + OPAQUE, mark());
      }
    }
    writer.finish();
  }

  private boolean isLeftOut(String path) {
    if (path.startsWith(OWN)) {
      return true;
    }
    for (var place = path; !place.isEmpty(); place = parent(place)) {
      if (foreign.contains(place)) {
        return true;
      }
    }
    return false;
  }

  /** What is in a directory that hides all below needs no mark of its own. */
  private boolean isBelowOpaque(String path) {
    for (var place = path; !place.isEmpty(); ) {
      place = parent(place);
      @Nullable TarEntry above = members.get(place);
      if (above != null && above.opaque()) {
        return true;
      }
    }
    return false;
  }

  private static boolean isRemoval(TarEntry entry) {
    return entry.type() == TarEntry.Type.CHARACTER_DEVICE
        && entry.major() == 0
        && entry.minor() == 0;
  }

  private Node node(TarEntry entry) {
    return switch (entry.type()) {
      case DIRECTORY -> new Node.Directory(entry.metadata(), new TreeMap<>());
      case REGULAR -> new Node.Regular(entry.metadata(), TarTree.content(entry, archive));
      case SYMLINK -> new Node.Symlink(entry.metadata(), entry.linkTarget());
      case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> TarTree.special(entry);
      case HARD_LINK -> throw new IllegalStateException("a link to a link");
    };
  }

  /** Each mark is a file of its own. */
  private static Node mark() {
    return new Node.Regular(Metadata.root(0), Content.of(new byte[0]));
  }

  /** Returns the last name of a path, which must not be one that means something else in layers. */
  private static String checked(String path) throws TreeException {
    var name = path.substring(path.lastIndexOf('/') + 1);
    if (name.startsWith(WHITEOUT)) {
      throw new TreeException(
          "The file '/%s' cannot be in an image: names that begin with '%s' stand for removed files there. Rename or remove it."
              .formatted(ByteStrings.display(path), WHITEOUT));
    }
    return name;
  }

  private static String beside(String path, String name) {
    var parent = parent(path);
    return "./" + (parent.isEmpty() ? name : parent + "/" + name);
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }
}

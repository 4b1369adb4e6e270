package dev.sandboxed.core.tree;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a layer that {@link UpperLayer} wrote changes in the tree that it lies on, file by file.
 * Times do not count: what was only touched, or written again as it was, has not changed.
 */
public final class LayerChanges {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";

  /** Contents of equal length are compared up to here; longer ones count as changed. */
  private static final long MAX_COMPARED = 1 << 20;

  private final FileTree base;
  private final FileChannel layer;
  private final SortedMap<String, Node> members = new TreeMap<>();
  private final Set<String> removed = new HashSet<>();
  private final Set<String> opaque = new HashSet<>();

  /**
   * One file that is not as before.
   *
   * @param path a byte string without a leading slash
   * @param before what was there, or nothing
   * @param after what is there, or nothing
   */
  public record Change(String path, @Nullable Node before, @Nullable Node after) {}

  private LayerChanges(FileTree base, FileChannel layer) {
    this.base = base;
    this.layer = layer;
  }

  /**
   * Compares.
   *
   * @param base the tree that the layer lies on
   * @param layer the layer, which stays open as long as contents of the result are read
   * @param limits for the layer
   * @param most how many changes are wanted at most
   * @return the changes in the order of their paths' bytes
   * @throws TreeException if the layer is damaged or beyond the limits
   */
  public static List<Change> of(FileTree base, FileChannel layer, ArchiveLimits limits, int most)
      throws IOException {
    var changes = new LayerChanges(base, layer);
    changes.read(limits);
    return changes.compare(most);
  }

  private void read(ArchiveLimits limits) throws IOException {
    layer.position(0);
    var reader =
        new TarReader(new BufferedInputStream(Channels.newInputStream(layer), 64 << 10), limits);
    for (var entry = reader.next(); entry != null; entry = reader.next()) {
      var path = String.join("/", EntryPaths.components(entry.name()));
      var slash = path.lastIndexOf('/') + 1;
      var name = path.substring(slash);
      if (name.equals(OPAQUE)) {
        opaque.add(path.substring(0, Math.max(0, slash - 1)));
      } else if (name.startsWith(WHITEOUT)) {
        removed.add(path.substring(0, slash) + name.substring(WHITEOUT.length()));
      } else if (!path.isEmpty()) {
        members.put(path, node(entry));
      }
    }
  }

  private Node node(TarEntry entry) throws TreeException {
    return switch (entry.type()) {
      case DIRECTORY -> new Node.Directory(entry.metadata(), new TreeMap<>());
      case REGULAR -> new Node.Regular(entry.metadata(), TarTree.content(entry, layer));
      case SYMLINK -> new Node.Symlink(entry.metadata(), entry.linkTarget());
      case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> TarTree.special(entry);
      case HARD_LINK -> {
        var target = members.get(String.join("/", EntryPaths.components(entry.linkTarget())));
        if (target == null) {
          throw new TreeException(
              "The layer is damaged: '%s' is a link to what does not come before it."
                  .formatted(ByteStrings.display(entry.name())));
        }
        yield target;
      }
    };
  }

  private List<Change> compare(int most) throws IOException {
    var changes = new TreeMap<String, Change>();
    for (var path : removed) {
      remove(path, changes);
    }
    for (var path : opaque) {
      if (base.find(path).orElse(null) instanceof Node.Directory directory) {
        directory.children().keySet().forEach(name -> remove(path + "/" + name, changes));
      }
    }
    for (Map.Entry<String, Node> member : members.entrySet()) {
      var before = base.find(member.getKey()).orElse(null);
      if (before == null || !isSame(before, member.getValue())) {
        changes.put(member.getKey(), new Change(member.getKey(), before, member.getValue()));
      }
      if (changes.size() > most) {
        changes.pollLastEntry();
      }
    }
    var first = new ArrayList<>(changes.values());
    return List.copyOf(first.subList(0, Math.min(most, first.size())));
  }

  private void remove(String path, Map<String, Change> changes) {
    if (!members.containsKey(path)) {
      base.find(path).ifPresent(before -> changes.put(path, new Change(path, before, null)));
    }
  }

  private static boolean isSame(Node before, Node after) throws IOException {
    var old = before.metadata();
    var now = after.metadata();
    if (old.mode() != now.mode() || old.uid() != now.uid() || old.gid() != now.gid()) {
      return false;
    }
    if (before instanceof Node.Regular file && after instanceof Node.Regular other) {
      return isSame(file.content(), other.content());
    }
    if (before instanceof Node.Symlink link && after instanceof Node.Symlink other) {
      return link.target().equals(other.target());
    }
    if (before instanceof Node.Special special && after instanceof Node.Special other) {
      return special.kind() == other.kind()
          && special.major() == other.major()
          && special.minor() == other.minor();
    }
    return before instanceof Node.Directory && after instanceof Node.Directory;
  }

  private static boolean isSame(Content before, Content after) throws IOException {
    return before.size() == after.size()
        && before.size() <= MAX_COMPARED
        && Arrays.equals(bytes(before), bytes(after));
  }

  private static byte[] bytes(Content content) throws IOException {
    var bytes = new ByteArrayOutputStream();
    content.copyTo(Channels.newChannel(bytes));
    return bytes.toByteArray();
  }
}

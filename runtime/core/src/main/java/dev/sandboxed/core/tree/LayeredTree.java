package dev.sandboxed.core.tree;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * The tree that layers of an image make, each a tar archive: later ones go over earlier ones. A
 * member {@code .wh.name} removes {@code name} of the layers below, {@code .wh..wh..opq} all that
 * they have in its directory; neither touches what its own layer holds, wherever it stands in it.
 *
 * <p>Contents are read from the archives when they are wanted, so these must stay open as long as
 * the tree is used.
 *
 * @see <a href="https://github.com/opencontainers/image-spec/blob/main/layer.md">Image layer
 *     filesystem changeset</a>
 */
public final class LayeredTree {
  private static final String WHITEOUT = ".wh.";

  /** What union file systems keep for themselves in a layer begins so. */
  private static final String RESERVED = ".wh..wh.";

  private static final String OPAQUE = ".wh..wh..opq";

  private final TreeBuilder builder;
  private final ArchiveLimits limits;
  private long entries;
  private long bytes;

  private LayeredTree(TreeBuilder builder, ArchiveLimits limits) {
    this.builder = builder;
    this.limits = limits;
  }

  /**
   * Lists layers.
   *
   * @param layers unpacked archives, the lowest first
   * @param limits for all of them together
   * @throws TreeException if one is damaged or hostile, or they go beyond the limits
   */
  public static FileTree of(List<FileChannel> layers, ArchiveLimits limits) throws IOException {
    return of(new TreeBuilder(), layers, limits);
  }

  /**
   * Lays layers over a tree.
   *
   * @param lowest what the first layer changes
   * @param layers unpacked archives, the lowest first
   * @param limits for all layers together
   * @throws TreeException if one is damaged or hostile, or they go beyond the limits
   */
  public static FileTree over(FileTree lowest, List<FileChannel> layers, ArchiveLimits limits)
      throws IOException {
    return of(new TreeBuilder(lowest), layers, limits);
  }

  private static FileTree of(TreeBuilder builder, List<FileChannel> layers, ArchiveLimits limits)
      throws IOException {
    var tree = new LayeredTree(builder, limits);
    for (int i = 0; i < layers.size(); i++) {
      try {
        tree.add(layers.get(i));
      } catch (TreeException e) {
        throw new TreeException("Layer %d: %s".formatted(i + 1, e.getMessage()), e);
      }
    }
    return tree.builder.build();
  }

  private void add(FileChannel layer) throws IOException {
    var members = list(layer);
    for (var member : members) {
      var slash = trimmed(member.name()).lastIndexOf('/');
      var directory = trimmed(member.name()).substring(0, slash + 1);
      var name = trimmed(member.name()).substring(slash + 1);
      if (name.equals(OPAQUE)) {
        builder.clear(directory);
      } else if (isRemoval(name)) {
        builder.remove(directory + hidden(name, member));
      }
    }
    for (var member : members) {
      if (!isMark(member.name())) {
        TarTree.add(builder, member, layer);
      }
    }
  }

  private List<TarEntry> list(FileChannel layer) throws IOException {
    layer.position(0);
    var left =
        new ArchiveLimits(
            Math.max(1, limits.entries() - entries), Math.max(1, limits.bytes() - bytes));
    var reader =
        new TarReader(new BufferedInputStream(Channels.newInputStream(layer), 64 << 10), left);
    var members = new ArrayList<TarEntry>();
    for (var entry = reader.next(); entry != null; entry = reader.next()) {
      members.add(entry);
      bytes += entry.size();
    }
    entries += members.size();
    return members;
  }

  private static boolean isRemoval(String name) {
    return name.startsWith(WHITEOUT) && !name.startsWith(RESERVED);
  }

  private static String hidden(String name, TarEntry member) throws TreeException {
    var hidden = name.substring(WHITEOUT.length());
    if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
      throw new TreeException(
          "The mark '" + ByteStrings.display(member.name()) + "' removes no file: refused.");
    }
    return hidden;
  }

  /** Returns whether a member makes no file, but says something of those below. */
  private static boolean isMark(String path) {
    for (var component : path.split("/")) {
      if (component.startsWith(WHITEOUT)) {
        return true;
      }
    }
    return false;
  }

  private static String trimmed(String path) {
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }
}

package dev.sandboxed.core.erofs;

import static dev.sandboxed.core.erofs.ErofsSuperblock.BLOCK;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes a tree as an EROFS image in the plain, uncompressed layout that gVisor reads: the
 * superblock's block, then all inodes with small directories and links, then large directories and
 * links, then the content of files, each from a block of its own. The same tree gives the same
 * bytes. One writer writes one image.
 */
public final class ErofsWriter {
  private static final long MAX_BLOCKS = 0xffff_ffffL;

  /**
   * Above this, a directory's content or the metadata area does not fit the arrays it is built in.
   */
  private static final long MAX_METADATA = 1L << 40;

  private static final int MAX_DIRECTORY = 1 << 30;
  private static final int BUFFER = 1 << 20;

  private final FileChannel target;
  private final List<Inode> inodes = new ArrayList<>();
  private final Map<Inode, SortedMap<String, Inode>> directories = new HashMap<>();
  private final IdentityHashMap<Node, Inode> known = new IdentityHashMap<>();

  private ErofsWriter(FileChannel target) {
    this.target = target;
  }

  /**
   * Writes an image into an empty file. The superblock is written last: a file that was left
   * half-written is no image.
   *
   * @param id kept in the superblock as the file system's UUID
   * @return the superblock written
   * @throws TreeException if a source changed meanwhile, or the tree is too large for an image (16
   *     TiB)
   */
  public static ErofsSuperblock write(FileTree tree, UUID id, FileChannel target)
      throws IOException {
    if (target.size() != 0) {
      throw new IllegalArgumentException(
          "an image is written into an empty file, this one has " + target.size() + " bytes");
    }
    return new ErofsWriter(target).write(tree, id);
  }

  private ErofsSuperblock write(FileTree tree, UUID id) throws IOException {
    Inode root = collect(tree.root(), null);
    long metadataEnd = placeInodes();
    long blocks = placeData(metadataEnd);
    writeMetadata(metadataEnd);
    writeData();
    if (target.size() < blocks * BLOCK) {
      writeAt(ByteBuffer.allocate(1), blocks * BLOCK - 1);
    }
    var superblock = new ErofsSuperblock(id, inodes.size(), blocks, Math.toIntExact(root.nid()));
    writeAt(superblock.toBlock(), 0);
    return superblock;
  }

  /** Adds an inode for a directory and for all that is below it, parents first. */
  private Inode collect(Node.Directory directory, @Nullable Inode parent) throws TreeException {
    var names = new TreeSet<>(directory.children().keySet());
    names.add(".");
    names.add("..");
    long size = Dirents.size(names);
    if (size > MAX_DIRECTORY) {
      throw new TreeException(
          "A directory with " + directory.children().size() + " files is too large for an image.");
    }
    Inode inode = add(directory, size);
    Inode above = parent == null ? inode : parent;
    // Its entry in the parent (for the root, its own "..") and its dot; its ".." counts for the
    // parent.
    inode.addLink();
    inode.addLink();
    if (parent != null) {
      parent.addLink();
    }
    var children = new TreeMap<String, Inode>();
    for (Map.Entry<String, Node> child : directory.children().entrySet()) {
      children.put(child.getKey(), collectChild(child.getValue(), inode));
    }
    children.put(".", inode);
    children.put("..", above);
    directories.put(inode, children);
    return inode;
  }

  private Inode collectChild(Node child, Inode parent) throws TreeException {
    if (child instanceof Node.Directory directory) {
      return collect(directory, parent);
    }
    Inode inode = known.get(child);
    if (inode == null) {
      inode = add(child, size(child));
      known.put(child, inode);
    }
    inode.addLink();
    return inode;
  }

  private Inode add(Node node, long size) {
    var inode = new Inode(node, size);
    inodes.add(inode);
    return inode;
  }

  private static long size(Node node) {
    if (node instanceof Node.Regular regular) {
      return regular.content().size();
    }
    return node instanceof Node.Symlink symlink ? symlink.target().length() : 0;
  }

  /**
   * Places all inodes from the second block on; none, and nothing inline, crosses a block. Returns
   * the end.
   */
  private long placeInodes() throws TreeException {
    long offset = BLOCK;
    for (Inode inode : inodes) {
      int need = inode.footprint();
      if (offset % BLOCK + need > BLOCK) {
        offset = alignUp(offset, BLOCK);
      }
      inode.placeAt(offset);
      offset = alignUp(offset + need, Inode.SLOT);
    }
    if (offset > MAX_METADATA) {
      throw tooLarge();
    }
    return alignUp(offset, BLOCK);
  }

  /**
   * Places what is not inline: directories and links first, so that what lookups read lies
   * together.
   */
  private long placeData(long metadataEnd) throws TreeException {
    long block = metadataEnd / BLOCK;
    for (boolean content : new boolean[] {false, true}) {
      for (Inode inode : inodes) {
        if (inode.dataBlocks() > 0 && inode.node() instanceof Node.Regular == content) {
          inode.placeDataAt(block);
          block += inode.dataBlocks();
          if (block > MAX_BLOCKS) {
            throw tooLarge();
          }
        }
      }
    }
    return block;
  }

  private static TreeException tooLarge() {
    return new TreeException("The tree is too large for an image: the limit is 16 TiB.");
  }

  private void writeMetadata(long end) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(LITTLE_ENDIAN);
    long start = BLOCK;
    int number = 0;
    for (Inode inode : inodes) {
      if (inode.offset() - start + inode.footprint() > buffer.capacity()) {
        writeAt(buffer.flip(), start);
        start = inode.offset();
        buffer.clear();
        Arrays.fill(buffer.array(), (byte) 0);
      }
      buffer.position((int) (inode.offset() - start));
      inode.encode(buffer, ++number);
      if (inode.isInline()) {
        buffer.put(ownData(inode));
      }
    }
    writeAt(buffer.flip(), start);
    for (Inode inode : inodes) {
      if (inode.dataBlocks() > 0 && !(inode.node() instanceof Node.Regular)) {
        writeAt(ByteBuffer.wrap(ownData(inode)), inode.dataOffset());
      }
    }
    if (target.size() < end) {
      writeAt(ByteBuffer.allocate(1), end - 1);
    }
  }

  private byte[] ownData(Inode inode) {
    if (inode.node() instanceof Node.Symlink symlink) {
      return ByteStrings.bytes(symlink.target());
    }
    SortedMap<String, Inode> children = directories.get(inode);
    if (children == null) {
      throw new IllegalStateException("only directories and links have data of their own");
    }
    return Dirents.encode(children, (int) inode.size());
  }

  private void writeData() throws IOException {
    for (Inode inode : inodes) {
      if (inode.size() > 0 && inode.node() instanceof Node.Regular regular) {
        Content content = regular.content();
        target.position(inode.dataOffset());
        content.copyTo(target);
        long written = target.position() - inode.dataOffset();
        if (written != inode.size()) {
          throw new IllegalStateException("content of " + inode.size() + " bytes wrote " + written);
        }
      }
    }
  }

  private void writeAt(ByteBuffer buffer, long offset) throws IOException {
    target.position(offset);
    while (buffer.hasRemaining()) {
      target.write(buffer);
    }
  }

  private static long alignUp(long value, int unit) {
    return (value + unit - 1) / unit * unit;
  }
}

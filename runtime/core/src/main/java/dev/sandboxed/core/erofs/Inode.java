package dev.sandboxed.core.erofs;

import static dev.sandboxed.core.erofs.ErofsSuperblock.BLOCK;

import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import java.nio.ByteBuffer;

/**
 * A file on its way into an image: {@code struct erofs_inode_extended}, the only form that holds a
 * time of its own.
 *
 * <p>Directories and links that fit lie right behind their inode (EROFS_INODE_FLAT_INLINE); regular
 * files never do (EROFS_INODE_FLAT_PLAIN), because gVisor maps their blocks into memory and refuses
 * anything else.
 */
final class Inode {
  static final int SIZE = 64;

  /** Inodes start at multiples of this, and are numbered in it. */
  static final int SLOT = 32;

  private static final int FORMAT_EXTENDED = 1;
  private static final int LAYOUT_PLAIN = 0;
  private static final int LAYOUT_INLINE = 2;

  private static final int NANOS_AT = 40;

  private final Node node;
  private final long size;
  private final boolean inline;
  private int links;
  private long nid;
  private long firstBlock;

  Inode(Node node, long size) {
    this.node = node;
    this.size = size;
    this.inline = !(node instanceof Node.Regular) && size > 0 && size <= BLOCK - SIZE;
  }

  Node node() {
    return node;
  }

  long size() {
    return size;
  }

  boolean isInline() {
    return inline;
  }

  /** Returns the bytes that the inode takes in the metadata area. */
  int footprint() {
    return inline ? SIZE + (int) size : SIZE;
  }

  /** Returns the blocks outside the metadata area. */
  long dataBlocks() {
    return inline ? 0 : (size >>> ErofsSuperblock.BLOCK_BITS) + ((size & (BLOCK - 1)) == 0 ? 0 : 1);
  }

  void addLink() {
    links++;
  }

  void placeAt(long offset) {
    nid = offset / SLOT;
  }

  void placeDataAt(long block) {
    firstBlock = block;
  }

  long nid() {
    return nid;
  }

  long offset() {
    return nid * SLOT;
  }

  long dataOffset() {
    return firstBlock * BLOCK;
  }

  /** Writes the inode at the buffer's position. */
  void encode(ByteBuffer out, int number) {
    Metadata metadata = node.metadata();
    int start = out.position();
    out.putShort((short) (FORMAT_EXTENDED | (inline ? LAYOUT_INLINE : LAYOUT_PLAIN) << 1));
    out.putShort((short) 0);
    out.putShort((short) (FileType.of(node).modeBits() | metadata.mode()));
    out.putShort((short) 0);
    out.putLong(size);
    out.putInt(location());
    out.putInt(number);
    out.putInt((int) metadata.uid());
    out.putInt((int) metadata.gid());
    out.putLong(metadata.mtime().getEpochSecond());
    out.putInt(start + NANOS_AT, metadata.mtime().getNano());
    out.position(start + NANOS_AT + 4);
    out.putInt(links);
    out.position(start + SIZE);
  }

  /**
   * Returns {@code i_u}: a device number in the kernel's new_encode_dev() form, or the first data
   * block.
   */
  private int location() {
    if (node instanceof Node.Special special) {
      int minor = special.minor();
      return (minor & 0xff) | (special.major() << 8) | ((minor & ~0xff) << 12);
    }
    return (int) firstBlock;
  }
}

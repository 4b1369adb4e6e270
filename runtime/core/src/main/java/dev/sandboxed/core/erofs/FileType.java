package dev.sandboxed.core.erofs;

import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TreeException;

/**
 * File types with their bits in a mode, and their number in a directory entry ({@code EROFS_FT_*}).
 */
enum FileType {
  REGULAR(0100000, 1),
  DIRECTORY(0040000, 2),
  CHARACTER_DEVICE(0020000, 3),
  BLOCK_DEVICE(0060000, 4),
  FIFO(0010000, 5),
  SOCKET(0140000, 6),
  SYMLINK(0120000, 7);

  private final int modeBits;
  private final int direntType;

  FileType(int modeBits, int direntType) {
    this.modeBits = modeBits;
    this.direntType = direntType;
  }

  static FileType of(Node node) {
    if (node instanceof Node.Directory) {
      return DIRECTORY;
    }
    if (node instanceof Node.Regular) {
      return REGULAR;
    }
    if (node instanceof Node.Symlink) {
      return SYMLINK;
    }
    return switch (((Node.Special) node).kind()) {
      case CHARACTER_DEVICE -> CHARACTER_DEVICE;
      case BLOCK_DEVICE -> BLOCK_DEVICE;
      case FIFO -> FIFO;
      case SOCKET -> SOCKET;
    };
  }

  static FileType ofModeBits(int bits) throws TreeException {
    for (FileType type : values()) {
      if (type.modeBits == bits) {
        return type;
      }
    }
    throw new TreeException("a file has the unknown type 0" + Integer.toOctalString(bits));
  }

  int modeBits() {
    return modeBits;
  }

  byte direntType() {
    return (byte) direntType;
  }
}

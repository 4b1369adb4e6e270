package dev.sandboxed.core.erofs;

import static dev.sandboxed.core.erofs.ErofsSuperblock.BLOCK;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sandboxed.core.tree.ByteStrings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;

/**
 * A directory's content: blocks that each hold entries ({@code struct erofs_dirent}) and, behind
 * them, their names; all in the strict order of the names' bytes, the directory itself and its
 * parent included.
 */
final class Dirents {
  private static final int ENTRY = 12;

  private Dirents() {}

  /** Returns the number of bytes, in all blocks, that these names need. */
  static long size(Collection<String> sortedNames) {
    long full = 0;
    int used = 0;
    for (String name : sortedNames) {
      int need = ENTRY + name.length();
      if (used + need > BLOCK) {
        full += BLOCK;
        used = 0;
      }
      used += need;
    }
    return full + used;
  }

  /** Returns the content for a directory with these children. */
  static byte[] encode(SortedMap<String, Inode> children, int size) {
    ByteBuffer out = ByteBuffer.allocate(size).order(LITTLE_ENDIAN);
    List<String> block = new ArrayList<>();
    int start = 0;
    int used = 0;
    for (String name : children.keySet()) {
      int need = ENTRY + name.length();
      if (used + need > BLOCK) {
        encodeBlock(out, start, block, children);
        block.clear();
        start += BLOCK;
        used = 0;
      }
      block.add(name);
      used += need;
    }
    encodeBlock(out, start, block, children);
    return out.array();
  }

  private static void encodeBlock(
      ByteBuffer out, int start, List<String> names, SortedMap<String, Inode> children) {
    int nameOffset = names.size() * ENTRY;
    int entry = start;
    for (String name : names) {
      Inode child = children.get(name);
      if (child == null) {
        throw new IllegalStateException("no inode for a name");
      }
      out.putLong(entry, child.nid());
      out.putShort(entry + 8, (short) nameOffset);
      out.put(entry + 10, FileType.of(child.node()).direntType());
      out.put(start + nameOffset, ByteStrings.bytes(name));
      nameOffset += name.length();
      entry += ENTRY;
    }
  }
}

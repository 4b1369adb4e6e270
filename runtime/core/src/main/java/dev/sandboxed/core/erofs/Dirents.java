package dev.sandboxed.core.erofs;

import static dev.sandboxed.core.erofs.ErofsSuperblock.BLOCK;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.TreeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A directory's content: blocks that each hold entries ({@code struct erofs_dirent}) and, behind
 * them, their names; all in the strict order of the names' bytes, the directory itself and its
 * parent included.
 */
final class Dirents {
  private static final int ENTRY = 12;
  private static final int MAX_NAME = 255;

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

  /**
   * Returns the inode numbers by name that a directory's content holds.
   *
   * @throws TreeException if it is not what {@link #encode} makes
   */
  static SortedMap<String, Long> decode(byte[] data) throws TreeException {
    var entries = new TreeMap<String, Long>();
    String last = "";
    for (int start = 0; start < data.length; start += BLOCK) {
      int length = Math.min(BLOCK, data.length - start);
      ByteBuffer block = ByteBuffer.wrap(data, start, length).slice().order(LITTLE_ENDIAN);
      int names = length < ENTRY ? 0 : Short.toUnsignedInt(block.getShort(8));
      if (names == 0 || names % ENTRY != 0 || names > length) {
        throw new TreeException("is a directory with a malformed block");
      }
      for (int entry = 0; entry < names; entry += ENTRY) {
        int from = Short.toUnsignedInt(block.getShort(entry + 8));
        int to =
            entry + ENTRY < names
                ? Short.toUnsignedInt(block.getShort(entry + ENTRY + 8))
                : end(block, from, length);
        if (from < names || to <= from || to > length || to - from > MAX_NAME) {
          throw new TreeException("is a directory with a malformed name");
        }
        var bytes = new byte[to - from];
        block.get(from, bytes);
        String name = ByteStrings.ofBytes(bytes);
        if (name.compareTo(last) <= 0 || name.indexOf('/') >= 0 || name.indexOf('\0') >= 0) {
          throw new TreeException("is a directory with names out of order or malformed");
        }
        entries.put(name, block.getLong(entry));
        last = name;
      }
    }
    return entries;
  }

  /** Returns where the last name of a block ends: at the block's end, or at what pads it. */
  private static int end(ByteBuffer block, int from, int length) {
    int end = from;
    while (end < length && block.get(end) != 0) {
      end++;
    }
    return end;
  }
}

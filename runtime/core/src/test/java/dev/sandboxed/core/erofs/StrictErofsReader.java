package dev.sandboxed.core.erofs;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.Descriptions;
import dev.sandboxed.core.tree.Metadata;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads images strictly, as the format is described, sharing no code with the writer but the
 * superblock.
 */
public final class StrictErofsReader implements AutoCloseable {
  private static final int BLOCK = 4096;

  private final FileChannel channel;
  private final ErofsSuperblock superblock;
  private final SortedMap<String, String> lines = new TreeMap<>();
  private final Map<Long, String> first = new HashMap<>();
  private final Map<Long, Integer> names = new HashMap<>();
  private final Map<Long, Integer> links = new HashMap<>();

  /** Opens an image. */
  public StrictErofsReader(Path image) throws IOException {
    channel = FileChannel.open(image, StandardOpenOption.READ);
    superblock = ErofsSuperblock.read(channel);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** Returns lines by path, in the form of {@link Descriptions}. */
  public SortedMap<String, String> describe() throws IOException {
    visit("", superblock.rootNid(), superblock.rootNid());
    if (names.size() != superblock.inodes()) {
      throw new IOException(names.size() + " inodes found, " + superblock.inodes() + " announced");
    }
    if (!names.equals(links)) {
      throw new IOException("link counts are wrong: " + links + " instead of " + names);
    }
    return lines;
  }

  private void visit(String path, long nid, long parent) throws IOException {
    ByteBuffer inode = read(nid * 32, 64);
    int format = inode.getShort(0);
    int mode = Short.toUnsignedInt(inode.getShort(4));
    long size = inode.getLong(8);
    if ((format & 1) != 1 || (format & ~5) != 0 || inode.getShort(2) != 0) {
      throw new IOException("inode format " + format + " of " + path);
    }
    boolean inline = (format & 4) != 0;
    Metadata metadata =
        new Metadata(
            mode & 07777,
            Integer.toUnsignedLong(inode.getInt(24)),
            Integer.toUnsignedLong(inode.getInt(28)),
            Instant.ofEpochSecond(inode.getLong(32), inode.getInt(40)));
    links.put(nid, inode.getInt(44));
    names.merge(nid, 1, Integer::sum);
    int raw = inode.getInt(16);
    String type = Integer.toOctalString(mode >> 12);
    if (type.equals("4")) {
      lines.put(path, Descriptions.line("directory", metadata, ""));
      names.merge(nid, 1, Integer::sum);
      if (nid != parent) {
        names.merge(parent, 1, Integer::sum);
      }
      list(path, nid, parent, data(nid, raw, size, inline));
      return;
    }
    String line =
        switch (type) {
          case "10" -> {
            if (inline) {
              throw new IOException("the regular file " + path + " is inline");
            }
            yield Descriptions.line(
                "regular", metadata, size + " " + Descriptions.hash(data(nid, raw, size, false)));
          }
          case "12" ->
              Descriptions.line(
                  "symlink", metadata, "to " + ByteStrings.ofBytes(data(nid, raw, size, inline)));
          case "2" -> Descriptions.line("character_device", metadata, device(raw));
          case "6" -> Descriptions.line("block_device", metadata, device(raw));
          case "1" -> Descriptions.line("fifo", metadata, "0,0");
          case "14" -> Descriptions.line("socket", metadata, "0,0");
          default -> throw new IOException("type " + type + " of " + path);
        };
    String earlier = first.putIfAbsent(nid, path);
    lines.put(path, line + (earlier == null ? "" : " is " + earlier));
  }

  private static String device(int raw) {
    int major = (raw & 0xfff00) >>> 8;
    int minor = (raw & 0xff) | ((raw >>> 12) & 0xfff00);
    return major + "," + minor;
  }

  private void list(String path, long nid, long parent, byte[] data) throws IOException {
    String last = "";
    List<Map.Entry<String, Long>> children = new ArrayList<>();
    boolean dot = false;
    boolean dots = false;
    for (int start = 0; start < data.length; start += BLOCK) {
      int length = Math.min(BLOCK, data.length - start);
      ByteBuffer block = ByteBuffer.wrap(data, start, length).slice().order(LITTLE_ENDIAN);
      int count = Short.toUnsignedInt(block.getShort(8)) / 12;
      for (int i = 0; i < count; i++) {
        int from = Short.toUnsignedInt(block.getShort(i * 12 + 8));
        int to = i + 1 < count ? Short.toUnsignedInt(block.getShort(i * 12 + 20)) : length;
        var name = new StringBuilder();
        for (int at = from; at < to && block.get(at) != 0; at++) {
          name.append((char) (block.get(at) & 0xff));
        }
        String text = name.toString();
        if (text.compareTo(last) <= 0) {
          throw new IOException("'" + text + "' follows '" + last + "' in " + path);
        }
        last = text;
        long child = block.getLong(i * 12);
        if (text.equals(".")) {
          dot = child == nid;
        } else if (text.equals("..")) {
          dots = child == parent;
        } else {
          children.add(Map.entry(text, child));
        }
      }
    }
    if (!dot || !dots) {
      throw new IOException("wrong dot entries in " + path);
    }
    for (Map.Entry<String, Long> child : children) {
      String below = path.isEmpty() ? child.getKey() : path + "/" + child.getKey();
      visit(below, child.getValue(), nid);
    }
  }

  private byte[] data(long nid, int block, long size, boolean inline) throws IOException {
    if (!inline) {
      return read(Integer.toUnsignedLong(block) * BLOCK, Math.toIntExact(size)).array();
    }
    long at = nid * 32 + 64;
    if (at % BLOCK + size > BLOCK) {
      throw new IOException("inline data crosses a block");
    }
    return read(at, Math.toIntExact(size)).array();
  }

  private ByteBuffer read(long offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new IOException("the image ends before " + (offset + length));
      }
    }
    return buffer.flip();
  }
}

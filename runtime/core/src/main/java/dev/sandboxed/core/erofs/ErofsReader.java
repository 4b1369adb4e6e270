package dev.sandboxed.core.erofs;

import static dev.sandboxed.core.erofs.ErofsSuperblock.BLOCK;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads an image that {@link ErofsWriter} wrote as a tree again: the listing at once, contents from
 * the file when they are wanted. Other images are refused, and damaged ones as far as it shows:
 * every number is checked before it is used, and memory stays in proportion to the file. Contents
 * have no checksum in an image. Immutable; its tree is safe for use by several threads.
 */
public final class ErofsReader implements AutoCloseable {
  private static final int FORMAT_PLAIN = 1;
  private static final int FORMAT_INLINE = 5;
  private static final int MAX_LINK = 4095;

  /** More than trees are nested by those that make them; a damaged image must end, too. */
  private static final int MAX_DEPTH = 1100;

  private static final long MAX_NANOS = 1_000_000_000L;

  private final FileChannel channel;
  private final FileTree tree;

  private ErofsReader(FileChannel channel, FileTree tree) {
    this.channel = channel;
    this.tree = tree;
  }

  /**
   * Opens an image and lists it.
   *
   * @throws TreeException if it is missing, damaged, cut off or none of ours
   */
  public static ErofsReader open(Path image) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(image, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      throw new TreeException("The image file " + image + " does not exist.", e);
    }
    try {
      return new ErofsReader(channel, new Listing(channel).read());
    } catch (IOException e) {
      channel.close();
      throw new TreeException("The image file " + image + " is damaged: " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  /** Returns the tree; its contents can be read until this is closed. */
  public FileTree tree() {
    return tree;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** One reading of all inodes. */
  private static final class Listing {
    private final FileChannel channel;
    private final ErofsSuperblock superblock;
    private final ImageWindow inodes;
    private final long length;
    private final Map<Long, Node> known = new HashMap<>();
    private final Set<Long> directories = new HashSet<>();
    private long ownData;

    Listing(FileChannel channel) throws IOException {
      this.channel = channel;
      superblock = ErofsSuperblock.read(channel);
      length = channel.size();
      inodes = new ImageWindow(channel);
    }

    FileTree read() throws IOException {
      long root = superblock.rootNid();
      if (!(node(root, root, 0) instanceof Node.Directory directory)) {
        throw new TreeException("its root is not a directory");
      }
      if (known.size() + directories.size() != superblock.inodes()) {
        throw new TreeException(
            (known.size() + directories.size())
                + " files are in it, and "
                + superblock.inodes()
                + " are announced");
      }
      return new FileTree(directory);
    }

    private Node node(long nid, long parent, int depth) throws IOException {
      Node earlier = known.get(nid);
      if (earlier != null) {
        return earlier;
      }
      // The first block is the superblock's, and a number that is no place must not overflow.
      if (nid < BLOCK / Inode.SLOT || nid > (length - Inode.SIZE) / Inode.SLOT) {
        throw damaged(nid, "lies outside of it");
      }
      ByteBuffer inode = inodes.at(nid * Inode.SLOT, Inode.SIZE);
      int format = Short.toUnsignedInt(inode.getShort(0));
      int extended = inode.getShort(2);
      int mode = Short.toUnsignedInt(inode.getShort(4));
      long size = inode.getLong(8);
      int location = inode.getInt(16);
      Metadata metadata = metadata(nid, mode, inode);
      if ((format != FORMAT_PLAIN && format != FORMAT_INLINE) || extended != 0) {
        throw damaged(nid, "has a format that is none of ours");
      }
      if (size < 0) {
        throw damaged(nid, "has a negative length");
      }
      boolean inline = format == FORMAT_INLINE;
      FileType type = FileType.ofModeBits(mode & ~07777);
      if (type == FileType.DIRECTORY) {
        return directory(nid, parent, metadata, ownData(nid, location, size, inline), depth);
      }
      Node node =
          switch (type) {
            case REGULAR -> regular(nid, metadata, location, size, inline);
            case SYMLINK -> symlink(nid, metadata, location, size, inline);
            case CHARACTER_DEVICE -> device(metadata, Node.Special.Kind.CHARACTER_DEVICE, location);
            case BLOCK_DEVICE -> device(metadata, Node.Special.Kind.BLOCK_DEVICE, location);
            case FIFO -> new Node.Special(metadata, Node.Special.Kind.FIFO, 0, 0);
            default -> new Node.Special(metadata, Node.Special.Kind.SOCKET, 0, 0);
          };
      known.put(nid, node);
      return node;
    }

    private static Metadata metadata(long nid, int mode, ByteBuffer inode) throws TreeException {
      long seconds = inode.getLong(32);
      long nanos = Integer.toUnsignedLong(inode.getInt(40));
      if (nanos >= MAX_NANOS
          || seconds < Instant.MIN.getEpochSecond()
          || seconds > Instant.MAX.getEpochSecond()) {
        throw damaged(nid, "has an impossible time");
      }
      return new Metadata(
          mode & 07777,
          Integer.toUnsignedLong(inode.getInt(24)),
          Integer.toUnsignedLong(inode.getInt(28)),
          Instant.ofEpochSecond(seconds, nanos));
    }

    private Node regular(long nid, Metadata metadata, int block, long size, boolean inline)
        throws TreeException {
      if (inline) {
        throw damaged(nid, "is a regular file in a place of directories");
      }
      ByteBuffer identity =
          ByteBuffer.allocate(32)
              .putLong(superblock.id().getMostSignificantBits())
              .putLong(superblock.id().getLeastSignificantBits())
              .putLong(nid)
              .putLong(size);
      return new Node.Regular(
          metadata, Content.part(channel, place(nid, block, size), size, identity.array()));
    }

    private Node symlink(long nid, Metadata metadata, int block, long size, boolean inline)
        throws IOException {
      if (size == 0 || size > MAX_LINK) {
        throw damaged(nid, "is a symbolic link of " + size + " bytes");
      }
      String target = ByteStrings.ofBytes(ownData(nid, block, size, inline));
      if (target.indexOf('\0') >= 0) {
        throw damaged(nid, "is a symbolic link with a NUL byte");
      }
      return new Node.Symlink(metadata, target);
    }

    private static Node device(Metadata metadata, Node.Special.Kind kind, int raw) {
      return new Node.Special(
          metadata, kind, (raw & 0xfff00) >>> 8, (raw & 0xff) | ((raw >>> 12) & 0xfff00));
    }

    private Node directory(long nid, long parent, Metadata metadata, byte[] data, int depth)
        throws IOException {
      if (depth > MAX_DEPTH || !directories.add(nid)) {
        throw damaged(nid, "is a directory that holds itself, or is nested too deep");
      }
      SortedMap<String, Long> entries;
      try {
        entries = Dirents.decode(data);
      } catch (TreeException e) {
        throw damaged(nid, String.valueOf(e.getMessage()));
      }
      Long self = entries.remove(".");
      Long above = entries.remove("..");
      if (self == null || self != nid || above == null || above != parent) {
        throw damaged(nid, "is a directory with a wrong '.' or '..'");
      }
      var children = new TreeMap<String, Node>();
      for (Map.Entry<String, Long> entry : entries.entrySet()) {
        children.put(entry.getKey(), node(entry.getValue(), nid, depth + 1));
      }
      return new Node.Directory(metadata, children);
    }

    /** Reads a directory's or a link's data; all of it together is no longer than the file. */
    private byte[] ownData(long nid, int block, long size, boolean inline) throws IOException {
      if (size > length - ownData || size > Integer.MAX_VALUE - 8) {
        throw damaged(nid, "has more data than the file");
      }
      ownData += size;
      if (!inline) {
        var bytes = ByteBuffer.allocate((int) size);
        ImageWindow.readFully(channel, bytes, place(nid, block, size));
        return bytes.array();
      }
      if (size > BLOCK - Inode.SIZE || nid * Inode.SLOT % BLOCK + Inode.SIZE + size > BLOCK) {
        throw damaged(nid, "has data that crosses a block");
      }
      var bytes = new byte[(int) size];
      inodes.at(nid * Inode.SLOT + Inode.SIZE, bytes.length).get(bytes);
      return bytes;
    }

    private long place(long nid, int block, long size) throws TreeException {
      long offset = Integer.toUnsignedLong(block) * BLOCK;
      if (size > 0 && (offset < BLOCK || offset > length || size > length - offset)) {
        throw damaged(nid, "has data outside of it");
      }
      return offset;
    }

    private static TreeException damaged(long nid, @Nullable String why) {
      return new TreeException("its file number " + nid + " " + why);
    }
  }

  /** A piece of an image that stays in memory, since inodes lie in the order they are read in. */
  private static final class ImageWindow {
    private static final int SIZE = 256 << 10;

    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(SIZE).order(LITTLE_ENDIAN).limit(0);
    private long start;

    ImageWindow(FileChannel channel) {
      this.channel = channel;
    }

    /** Returns bytes at an offset, until the next call. */
    ByteBuffer at(long offset, int size) throws IOException {
      if (offset < start || offset + size > start + buffer.limit()) {
        start = offset;
        buffer.clear().limit((int) Math.min(SIZE, channel.size() - offset));
        readFully(channel, buffer, offset);
        buffer.flip();
      }
      return buffer.slice((int) (offset - start), size).order(LITTLE_ENDIAN);
    }

    static void readFully(FileChannel channel, ByteBuffer buffer, long offset) throws IOException {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, offset + buffer.position()) < 0) {
          throw new TreeException("it ends before byte " + (offset + buffer.limit()));
        }
      }
    }
  }
}

package dev.sandboxed.core.tree;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A tar file as a tree. Contents are read from the file when they are wanted, so it must stay open
 * as long as the tree is used. A file compressed by gzip is unpacked into a scratch file first,
 * which is deleted on close.
 */
public final class TarTree implements AutoCloseable {
  private static final int MAGIC_LENGTH = 6;

  /** Compressions that are recognised only to say so. */
  private static final Map<String, String> OTHER_COMPRESSIONS =
      Map.of("28b52ffd", "zstd", "fd377a585a00", "xz", "425a68", "bzip2");

  private final FileChannel channel;
  private final FileTree tree;

  private TarTree(FileChannel channel, FileTree tree) {
    this.channel = channel;
    this.tree = tree;
  }

  /**
   * Opens a tar file and lists it.
   *
   * @param scratch the directory for the scratch file
   * @throws TreeException if it is damaged, cut off, hostile or beyond the limits
   */
  public static TarTree open(Path tar, Path scratch, ArchiveLimits limits) throws IOException {
    if (Files.isDirectory(tar)) {
      throw new TreeException("The path " + tar + " is a directory, not a tar file.");
    }
    FileChannel channel;
    try {
      channel = FileChannel.open(tar, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      throw new TreeException("The tar file " + tar + " does not exist.", e);
    } catch (AccessDeniedException e) {
      throw HostDirectory.unreadable(tar, e);
    }
    try {
      byte[] magic = new byte[MAGIC_LENGTH];
      int read = Math.max(channel.read(ByteBuffer.wrap(magic), 0), 0);
      String start = HexFormat.of().formatHex(magic, 0, read);
      if (start.startsWith("1f8b")) {
        FileChannel unpacked = unpack(channel, scratch, limits);
        channel.close();
        channel = unpacked;
      }
      for (Map.Entry<String, String> other : OTHER_COMPRESSIONS.entrySet()) {
        if (start.startsWith(other.getKey())) {
          throw new TreeException(
              "it is compressed with " + other.getValue() + ". Unpack it first, or use gzip.");
        }
      }
      return new TarTree(channel, list(channel, limits));
    } catch (TreeException e) {
      channel.close();
      throw new TreeException("Cannot read the tar file " + tar + ": " + e.getMessage(), e);
    } catch (IOException | RuntimeException | Error e) {
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

  private static FileChannel unpack(FileChannel source, Path scratch, ArchiveLimits limits)
      throws IOException {
    Path file = Files.createTempFile(scratch, "tar-", ".unpacked");
    FileChannel unpacked =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      // The open channel keeps it alive; nothing is left behind, however this process ends.
      Files.delete(file);
      byte[] buffer = new byte[256 << 10];
      long total = 0;
      source.position(0);
      InputStream in = new GZIPInputStream(Channels.newInputStream(source), 64 << 10);
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        total += read;
        if (total > limits.bytes()) {
          throw new TreeException("it unpacks to more than " + limits.bytes() + " bytes: refused.");
        }
        ChannelCopy.writeFully(ByteBuffer.wrap(buffer, 0, read), unpacked);
      }
      return unpacked;
    } catch (EOFException | ZipException e) {
      unpacked.close();
      throw new TreeException("its compression is damaged or cut off.", e);
    } catch (IOException | RuntimeException | Error e) {
      unpacked.close();
      throw e;
    }
  }

  private static FileTree list(FileChannel channel, ArchiveLimits limits) throws IOException {
    channel.position(0);
    var reader =
        new TarReader(new BufferedInputStream(Channels.newInputStream(channel), 64 << 10), limits);
    var builder = new TreeBuilder();
    for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
      add(builder, entry, channel);
    }
    return builder.build();
  }

  /** Puts a member of an archive into a tree. */
  static void add(TreeBuilder builder, TarEntry entry, FileChannel channel) throws TreeException {
    String name = entry.name();
    Metadata metadata = entry.metadata();
    switch (entry.type()) {
      case DIRECTORY -> builder.directory(name, metadata);
      case REGULAR -> builder.file(name, metadata, content(entry, channel));
      case SYMLINK -> builder.symlink(name, metadata, entry.linkTarget());
      case HARD_LINK -> builder.hardLink(name, entry.linkTarget());
      case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> builder.node(name, special(entry));
    }
  }

  /** Returns the bytes of a regular file, which are read from the archive when they are wanted. */
  static Content content(TarEntry entry, FileChannel channel) {
    return new TarContent(channel, entry.size(), entry.segments(), entry.dataOffset());
  }

  /** Returns the device or pipe that a member is. */
  static Node.Special special(TarEntry entry) {
    var kind =
        switch (entry.type()) {
          case CHARACTER_DEVICE -> Node.Special.Kind.CHARACTER_DEVICE;
          case BLOCK_DEVICE -> Node.Special.Kind.BLOCK_DEVICE;
          case FIFO -> Node.Special.Kind.FIFO;
          default -> throw new IllegalArgumentException(entry.type() + " is no special file");
        };
    return new Node.Special(entry.metadata(), kind, entry.major(), entry.minor());
  }

  /** A member's bytes, read from the archive. */
  private record TarContent(
      FileChannel archive, long size, List<TarEntry.Segment> segments, long dataOffset)
      implements Content {
    @Override
    public void copyTo(WritableByteChannel target) throws IOException {
      long written = 0;
      long from = dataOffset;
      for (TarEntry.Segment segment : segments) {
        ChannelCopy.writeZeros(segment.offset() - written, target);
        if (ChannelCopy.copy(archive, from, segment.length(), target) != segment.length()) {
          throw new TreeException("The tar file was cut off while it was being read.");
        }
        from += segment.length();
        written = segment.offset() + segment.length();
      }
      ChannelCopy.writeZeros(size - written, target);
    }

    /**
     * Identifies the place in the archive: whoever digests such a tree must digest the archive
     * itself too.
     */
    @Override
    public void identify(MessageDigest digest) {
      digest.update(ByteBuffer.allocate(16).putLong(dataOffset).putLong(size).flip());
    }
  }
}

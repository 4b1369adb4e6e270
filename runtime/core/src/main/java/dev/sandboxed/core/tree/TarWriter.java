package dev.sandboxed.core.tree;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.IdentityHashMap;

/**
 * Writes trees as tar archives in the pax format: ustar headers, with an extended header where
 * something does not fit one. Hard links are kept; sockets, which tar cannot hold, are left out.
 * Not thread-safe.
 */
public final class TarWriter {
  private static final long MAX_OCTAL_SIZE = 077777777777L;
  private static final long MAX_OCTAL_ID = 07777777L;

  private final OutputStream out;
  private final IdentityHashMap<Node, String> written = new IdentityHashMap<>();
  private long entries;

  TarWriter(OutputStream out) {
    this.out = out;
  }

  /**
   * Writes a host file or directory, with an end-of-archive mark; the stream stays open.
   *
   * <p>A file becomes one member of its name; a directory the member {@code ./} and everything in
   * it as {@code ./…}. The path itself may be a symbolic link and is followed; links below are
   * kept.
   *
   * @return the number of members
   */
  public static long write(Path source, OutputStream out) throws IOException {
    Path name = source.toAbsolutePath().normalize().getFileName();
    return write(source, name == null ? "file" : HostPaths.byteString(name), out);
  }

  /**
   * Writes a host file or directory as {@link #write(Path, OutputStream)} does, but a file under
   * another name.
   *
   * @param name the member's name if the source is a file, a byte string
   */
  public static long write(Path source, String name, OutputStream out) throws IOException {
    if (Files.isDirectory(source)) {
      return write(HostDirectory.reader().read(source).tree(), out);
    }
    if (!Files.exists(source)) {
      throw new TreeException("The file " + source + " does not exist.");
    }
    FileTree single = HostDirectory.reader().readAny(source.toRealPath()).tree();
    var writer = new TarWriter(out);
    for (Node node : single.root().children().values()) {
      writer.put(name, node);
    }
    return writer.finish();
  }

  /**
   * Writes a whole tree as {@code ./} and everything in it, with an end-of-archive mark; the stream
   * stays open.
   */
  public static long write(FileTree tree, OutputStream out) throws IOException {
    var writer = new TarWriter(out);
    tree.walk((path, node) -> writer.put("./" + path, node));
    return writer.finish();
  }

  /** Writes the end-of-archive mark; returns the number of members. */
  long finish() throws IOException {
    out.write(new byte[2 * TarFormat.BLOCK]);
    out.flush();
    return entries;
  }

  /** Writes a file; one that was written before under another name becomes a hard link to that. */
  void put(String path, Node node) throws IOException {
    if (node instanceof Node.Special special && special.kind() == Node.Special.Kind.SOCKET) {
      return;
    }
    String name = node instanceof Node.Directory && !path.endsWith("/") ? path + "/" : path;
    String earlier = node instanceof Node.Directory ? null : written.putIfAbsent(node, name);
    entries++;
    if (earlier != null) {
      header(name, '1', node.metadata(), 0, earlier, 0, 0);
    } else if (node instanceof Node.Directory) {
      header(name, '5', node.metadata(), 0, "", 0, 0);
    } else if (node instanceof Node.Symlink symlink) {
      header(name, '2', node.metadata(), 0, symlink.target(), 0, 0);
    } else if (node instanceof Node.Special special) {
      char mark =
          switch (special.kind()) {
            case CHARACTER_DEVICE -> '3';
            case BLOCK_DEVICE -> '4';
            default -> '6';
          };
      header(name, mark, node.metadata(), 0, "", special.major(), special.minor());
    } else if (node instanceof Node.Regular regular) {
      long size = regular.content().size();
      header(name, '0', node.metadata(), size, "", 0, 0);
      var counted = new CountingChannel();
      regular.content().copyTo(counted);
      if (counted.count != size) {
        throw new IllegalStateException("content of " + size + " bytes wrote " + counted.count);
      }
      out.write(new byte[(int) (-size & (TarFormat.BLOCK - 1))]);
    }
  }

  private void header(
      String name, char mark, Metadata metadata, long size, String link, int major, int minor)
      throws IOException {
    var records = new ByteArrayOutputStream();
    if (name.length() > TarFormat.NAME_LENGTH || !ByteStrings.isAscii(name)) {
      record(records, "path", name);
    }
    if (link.length() > TarFormat.NAME_LENGTH || !ByteStrings.isAscii(link)) {
      record(records, "linkpath", link);
    }
    if (size > MAX_OCTAL_SIZE) {
      record(records, "size", Long.toString(size));
    }
    if (metadata.uid() > MAX_OCTAL_ID) {
      record(records, "uid", Long.toString(metadata.uid()));
    }
    if (metadata.gid() > MAX_OCTAL_ID) {
      record(records, "gid", Long.toString(metadata.gid()));
    }
    Instant mtime = metadata.mtime();
    long seconds = mtime.getEpochSecond();
    if (mtime.getNano() != 0 || seconds < 0 || seconds > MAX_OCTAL_SIZE) {
      record(records, "mtime", decimal(mtime));
    }
    if (records.size() > 0) {
      byte[] data = records.toByteArray();
      block("././@PaxHeader", 'x', Metadata.root(0644), data.length, "", 0, 0);
      out.write(data);
      out.write(new byte[-data.length & (TarFormat.BLOCK - 1)]);
    }
    block(name, mark, metadata, size, link, major, minor);
  }

  private void block(
      String name, char mark, Metadata metadata, long size, String link, int major, int minor)
      throws IOException {
    byte[] header = new byte[TarFormat.BLOCK];
    text(header, TarFormat.NAME, TarFormat.NAME_LENGTH, name);
    octal(header, TarFormat.MODE, TarFormat.ID_LENGTH, metadata.mode());
    octal(
        header,
        TarFormat.UID,
        TarFormat.ID_LENGTH,
        metadata.uid() > MAX_OCTAL_ID ? 0 : metadata.uid());
    octal(
        header,
        TarFormat.GID,
        TarFormat.ID_LENGTH,
        metadata.gid() > MAX_OCTAL_ID ? 0 : metadata.gid());
    octal(header, TarFormat.SIZE, TarFormat.NUMBER_LENGTH, size > MAX_OCTAL_SIZE ? 0 : size);
    long seconds = metadata.mtime().getEpochSecond();
    octal(
        header,
        TarFormat.MTIME,
        TarFormat.NUMBER_LENGTH,
        seconds < 0 || seconds > MAX_OCTAL_SIZE ? 0 : seconds);
    header[TarFormat.TYPE] = (byte) mark;
    text(header, TarFormat.LINK, TarFormat.NAME_LENGTH, link);
    text(header, TarFormat.MAGIC, 8, "ustar\00000");
    octal(header, TarFormat.MAJOR, TarFormat.ID_LENGTH, major);
    octal(header, TarFormat.MINOR, TarFormat.ID_LENGTH, minor);
    long sum = TarFormat.checksum(header, false);
    octal(header, TarFormat.CHECKSUM, TarFormat.ID_LENGTH - 1, sum);
    header[TarFormat.CHECKSUM + TarFormat.ID_LENGTH - 1] = ' ';
    out.write(header);
  }

  private static void text(byte[] header, int offset, int length, String value) {
    byte[] bytes = ByteStrings.bytes(value);
    System.arraycopy(bytes, 0, header, offset, Math.min(bytes.length, length));
  }

  /** Writes digits that fill the field but for a NUL at its end. */
  private static void octal(byte[] header, int offset, int length, long value) {
    long rest = value;
    for (int i = offset + length - 2; i >= offset; i--) {
      header[i] = (byte) ('0' + (rest & 7));
      rest >>>= 3;
    }
  }

  /** Writes "length key=value\n", where the length counts its own digits. */
  private static void record(ByteArrayOutputStream out, String key, String value) {
    int rest = key.length() + value.length() + 3;
    int length = rest + Integer.toString(rest).length();
    length = rest + Integer.toString(length).length();
    out.writeBytes(ByteStrings.bytes(length + " " + key + "=" + value + "\n"));
  }

  private static String decimal(Instant time) {
    long seconds = time.getEpochSecond();
    int nanos = time.getNano();
    String sign = "";
    if (seconds < 0) {
      // The fraction counts away from zero.
      sign = "-";
      seconds = nanos == 0 ? -seconds : -seconds - 1;
      nanos = nanos == 0 ? 0 : 1_000_000_000 - nanos;
    }
    return sign + seconds + (nanos == 0 ? "" : "." + String.format("%09d", nanos));
  }

  /** The archive as a target for content. */
  private final class CountingChannel implements WritableByteChannel {
    private long count;

    @Override
    public int write(ByteBuffer source) throws IOException {
      int length = source.remaining();
      if (out instanceof WritableByteChannel direct) {
        ChannelCopy.writeFully(source, direct);
      } else if (source.hasArray()) {
        out.write(source.array(), source.arrayOffset() + source.position(), length);
        source.position(source.limit());
      } else {
        byte[] bytes = new byte[length];
        source.get(bytes);
        out.write(bytes);
      }
      count += length;
      return length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}

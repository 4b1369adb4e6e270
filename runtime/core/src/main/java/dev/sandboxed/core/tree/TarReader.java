package dev.sandboxed.core.tree;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Reads tar archives of any origin, member by member: POSIX ustar and pax, GNU, old V7.
 *
 * <p>Names stay bytes, which is why this is not a library's reader: those decode extended headers.
 * Whatever the input, the only error is a {@link TreeException} (or the stream's own), and memory
 * stays bounded. Not thread-safe.
 */
final class TarReader {
  private static final int MAX_HEADER = 1 << 20;
  private static final int MAX_SEGMENTS = 1 << 20;
  private static final int MAX_HEADERS_IN_A_ROW = 64;

  private static final String OPAQUE = "SCHILY.xattr.trusted.overlay.opaque";

  /**
   * Zeros that may follow the end-of-archive mark: the largest record that tools write is below
   * this.
   */
  private static final long MAX_TRAILER = 64L << 20;

  private final InputStream in;
  private final ArchiveLimits limits;
  private final byte[] block = new byte[TarFormat.BLOCK];
  private PaxHeaders global = PaxHeaders.none();
  private long position;
  private long entries;
  private long bytes;

  /** What is left of the current member's data, and where the next header begins. */
  private long dataLeft;

  private long memberEnd;

  TarReader(InputStream in, ArchiveLimits limits) {
    this.in = in;
    this.limits = limits;
  }

  /** Returns the next member, or null at the end-of-archive mark. */
  @Nullable TarEntry next() throws IOException {
    skip(memberEnd - position);
    PaxHeaders pax = global;
    String longName = null;
    String longLink = null;
    for (int headers = 0; headers < MAX_HEADERS_IN_A_ROW; headers++) {
      readBlock();
      if (isZero()) {
        if (headers > 0) {
          throw new TreeException("The tar archive is damaged: a header without a member.");
        }
        drain();
        return null;
      }
      checkChecksum();
      long size = headerSize();
      switch (block[TarFormat.TYPE]) {
        case 'x', 'X' -> pax = global.parse(readHeaderData(size));
        case 'g' -> {
          global = global.parse(readHeaderData(size));
          pax = global;
        }
        case 'L' -> longName = text(readHeaderData(size));
        case 'K' -> longLink = text(readHeaderData(size));
        case 'V' -> skip(padded(size));
        default -> {
          return entry(pax, longName, longLink);
        }
      }
    }
    throw new TreeException("The tar archive is damaged: too many headers for one member.");
  }

  /** Reads stored data of the current member, that is without its holes; returns -1 at its end. */
  int read(byte[] buffer, int offset, int length) throws IOException {
    if (dataLeft == 0) {
      return -1;
    }
    int read = readSome(buffer, offset, (int) Math.min(length, dataLeft));
    dataLeft -= read;
    return read;
  }

  private TarEntry entry(PaxHeaders pax, @Nullable String longName, @Nullable String longLink)
      throws IOException {
    if (++entries > limits.entries()) {
      throw new TreeException(
          "The tar archive has more than " + limits.entries() + " files: refused.");
    }
    String name = first(pax.get("GNU.sparse.name"), pax.get("path"), longName, headerName());
    String link =
        first(
            pax.get("linkpath"),
            longLink,
            TarFormat.text(block, TarFormat.LINK, TarFormat.NAME_LENGTH));
    char mark = (char) (block[TarFormat.TYPE] & 0xff);
    TarEntry.Type type = type(mark, name);
    Metadata metadata = metadata(pax);
    boolean device = type == TarEntry.Type.CHARACTER_DEVICE || type == TarEntry.Type.BLOCK_DEVICE;
    int major = device ? deviceNumber(TarFormat.MAJOR, 0xfff) : 0;
    int minor = device ? deviceNumber(TarFormat.MINOR, 0xfffff) : 0;
    // Only files have data, and GNU's dumped directories, whatever the size field says.
    boolean hasData = type == TarEntry.Type.REGULAR || mark == 'D';
    long stored = hasData ? checkedSize(pax.number("size", headerSize())) : 0;
    long size = type == TarEntry.Type.REGULAR ? stored : 0;
    List<TarEntry.Segment> segments = List.of(new TarEntry.Segment(0, size));
    if (mark == 'S') {
      size = TarFormat.number(block, TarFormat.GNU_REAL_SIZE, TarFormat.NUMBER_LENGTH);
      segments = gnuSegments();
    }
    dataLeft = stored;
    memberEnd = position + padded(stored);
    if (type == TarEntry.Type.REGULAR && mark != 'S' && pax.isSparse()) {
      size = pax.number("GNU.sparse.realsize", pax.number("GNU.sparse.size", stored));
      segments = pax.hasSparseMapInData() ? segmentsInData() : pax.sparseSegments();
    }
    checkSegments(segments, size);
    bytes += checkedSize(size);
    if (bytes > limits.bytes()) {
      throw new TreeException(
          "The files in the tar archive have more than " + limits.bytes() + " bytes: refused.");
    }
    boolean opaque = type == TarEntry.Type.DIRECTORY && "y".equals(pax.get(OPAQUE));
    return new TarEntry(name, type, metadata, link, major, minor, size, segments, position, opaque);
  }

  private static String first(@Nullable String... candidates) {
    for (String candidate : candidates) {
      if (candidate != null) {
        return candidate;
      }
    }
    return "";
  }

  private String headerName() {
    String name = TarFormat.text(block, TarFormat.NAME, TarFormat.NAME_LENGTH);
    boolean posix = TarFormat.text(block, TarFormat.MAGIC, 6).equals("ustar");
    String prefix = posix ? TarFormat.text(block, TarFormat.PREFIX, TarFormat.PREFIX_LENGTH) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private TarEntry.Type type(char mark, String name) throws TreeException {
    return switch (mark) {
      case '\0', '0' -> name.endsWith("/") ? TarEntry.Type.DIRECTORY : TarEntry.Type.REGULAR;
      case '7', 'S' -> TarEntry.Type.REGULAR;
      case '1' -> TarEntry.Type.HARD_LINK;
      case '2' -> TarEntry.Type.SYMLINK;
      case '3' -> TarEntry.Type.CHARACTER_DEVICE;
      case '4' -> TarEntry.Type.BLOCK_DEVICE;
      case '5', 'D' -> TarEntry.Type.DIRECTORY;
      case '6' -> TarEntry.Type.FIFO;
      default ->
          throw new TreeException(
              "The tar archive's member '"
                  + ByteStrings.display(name)
                  + "' is of the type '"
                  + ByteStrings.display(String.valueOf(mark))
                  + "', which is not supported. Make the archive again with tar --format=pax.");
    };
  }

  private Metadata metadata(PaxHeaders pax) throws TreeException {
    int mode = (int) TarFormat.number(block, TarFormat.MODE, TarFormat.ID_LENGTH) & 07777;
    long uid = id(pax.number("uid", TarFormat.number(block, TarFormat.UID, TarFormat.ID_LENGTH)));
    long gid = id(pax.number("gid", TarFormat.number(block, TarFormat.GID, TarFormat.ID_LENGTH)));
    Instant mtime = pax.time("mtime");
    if (mtime == null) {
      try {
        mtime =
            Instant.ofEpochSecond(
                TarFormat.number(block, TarFormat.MTIME, TarFormat.NUMBER_LENGTH));
      } catch (DateTimeException e) {
        throw new TreeException("The tar archive is damaged: it holds an impossible time.", e);
      }
    }
    return new Metadata(mode, uid, gid, mtime);
  }

  /** Takes -1 and the like, which some tools write, for the unsigned numbers that Linux has. */
  private static long id(long number) throws TreeException {
    if (number < Integer.MIN_VALUE || number > 0xffff_ffffL) {
      throw new TreeException(
          "The tar archive is damaged: the owner " + number + " is out of range.");
    }
    return number & 0xffff_ffffL;
  }

  private int deviceNumber(int offset, int max) throws TreeException {
    long number = TarFormat.number(block, offset, TarFormat.ID_LENGTH);
    if (number < 0 || number > max) {
      throw new TreeException(
          "The tar archive is damaged: the device number " + number + " is out of range.");
    }
    return (int) number;
  }

  private long headerSize() throws TreeException {
    return checkedSize(TarFormat.number(block, TarFormat.SIZE, TarFormat.NUMBER_LENGTH));
  }

  private static long checkedSize(long size) throws TreeException {
    if (size < 0 || size > Long.MAX_VALUE / 4) {
      throw new TreeException("The tar archive is damaged: the size " + size + " is impossible.");
    }
    return size;
  }

  private List<TarEntry.Segment> gnuSegments() throws IOException {
    var segments = new ArrayList<TarEntry.Segment>();
    addGnuSegments(segments, TarFormat.GNU_SPARSE, TarFormat.GNU_SPARSE_COUNT);
    boolean more = block[TarFormat.GNU_EXTENDED] != 0;
    while (more) {
      readBlock();
      addGnuSegments(segments, 0, TarFormat.GNU_EXTENSION_COUNT);
      more = block[TarFormat.GNU_EXTENSION_MORE] != 0;
      checkCount(segments);
    }
    return segments;
  }

  private void addGnuSegments(List<TarEntry.Segment> segments, int start, int count)
      throws TreeException {
    for (int i = 0; i < count; i++) {
      int at = start + i * 2 * TarFormat.NUMBER_LENGTH;
      if (block[at] == 0) {
        return;
      }
      segments.add(
          new TarEntry.Segment(
              TarFormat.number(block, at, TarFormat.NUMBER_LENGTH),
              TarFormat.number(block, at + TarFormat.NUMBER_LENGTH, TarFormat.NUMBER_LENGTH)));
    }
  }

  /** Reads GNU's third form: decimal lines in front of the data, filled up to a block. */
  private List<TarEntry.Segment> segmentsInData() throws IOException {
    var segments = new ArrayList<TarEntry.Segment>();
    var lines = new MapLines();
    long count = lines.next();
    for (long i = 0; i < count; i++) {
      segments.add(new TarEntry.Segment(lines.next(), lines.next()));
      checkCount(segments);
    }
    return segments;
  }

  /** Numbers, one a line, read by whole blocks out of a member's data. */
  private final class MapLines {
    private int at = TarFormat.BLOCK;

    long next() throws IOException {
      var digits = new StringBuilder();
      while (true) {
        if (at == TarFormat.BLOCK) {
          if (dataLeft < TarFormat.BLOCK) {
            throw new TreeException("The tar archive is damaged: a sparse file's map is cut off.");
          }
          readBlock();
          dataLeft -= TarFormat.BLOCK;
          at = 0;
        }
        char c = (char) (block[at++] & 0xff);
        if (c == '\n') {
          return PaxHeaders.decimal(digits.toString());
        }
        if (digits.length() > 20) {
          throw new TreeException("The tar archive is damaged: a sparse file's map is malformed.");
        }
        digits.append(c);
      }
    }
  }

  private static void checkCount(List<TarEntry.Segment> segments) throws TreeException {
    if (segments.size() > MAX_SEGMENTS) {
      throw new TreeException(
          "The tar archive holds a file with more than " + MAX_SEGMENTS + " holes: refused.");
    }
  }

  private void checkSegments(List<TarEntry.Segment> segments, long size) throws TreeException {
    checkCount(segments);
    long end = 0;
    long data = 0;
    for (TarEntry.Segment segment : segments) {
      if (segment.length() < 0
          || segment.offset() < end
          || segment.offset() > size
          || segment.length() > size - segment.offset()) {
        throw new TreeException(
            "The tar archive is damaged: the parts of a sparse file overlap or leave it.");
      }
      end = segment.offset() + segment.length();
      data += segment.length();
    }
    if (data > dataLeft) {
      throw new TreeException(
          "The tar archive is damaged: a sparse file has less data than its map says.");
    }
  }

  private static String text(byte[] data) {
    return TarFormat.text(data, 0, data.length);
  }

  private byte[] readHeaderData(long size) throws IOException {
    if (size > MAX_HEADER) {
      throw new TreeException(
          "The tar archive has an extended header of " + size + " bytes: refused.");
    }
    byte[] data = new byte[(int) size];
    int done = 0;
    while (done < data.length) {
      done += readSome(data, done, data.length - done);
    }
    skip(padded(size) - size);
    return data;
  }

  private void readBlock() throws IOException {
    int done = 0;
    while (done < block.length) {
      done += readSome(block, done, block.length - done);
    }
  }

  private boolean isZero() {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private void checkChecksum() throws TreeException {
    long stored = -1;
    try {
      stored = TarFormat.number(block, TarFormat.CHECKSUM, TarFormat.ID_LENGTH);
    } catch (TreeException e) {
      // No number at all: no header either.
    }
    if (stored != TarFormat.checksum(block, false) && stored != TarFormat.checksum(block, true)) {
      throw new TreeException(
          position == TarFormat.BLOCK
              ? "This is not a tar archive, or its first header is damaged."
              : "The tar archive is damaged: the header before byte "
                  + position
                  + " does not match its checksum.");
    }
  }

  private int readSome(byte[] buffer, int offset, int length) throws IOException {
    int read;
    try {
      read = in.read(buffer, offset, length);
    } catch (EOFException | ZipException e) {
      throw new TreeException(
          "The tar archive's compression is damaged or cut off after byte " + position + ".", e);
    }
    if (read < 0) {
      throw new TreeException(
          position == 0
              ? "The tar archive is empty."
              : "The tar archive is cut off after byte "
                  + position
                  + ": it has no end-of-archive mark. Get or make it again.");
    }
    position += read;
    return read;
  }

  private void skip(long count) throws IOException {
    long end = position + count;
    while (position < end) {
      long skipped;
      try {
        skipped = in.skip(end - position);
      } catch (EOFException | ZipException e) {
        throw new TreeException(
            "The tar archive's compression is damaged or cut off after byte " + position + ".", e);
      }
      if (skipped > 0) {
        position += skipped;
      } else {
        readSome(new byte[1], 0, 1);
      }
    }
  }

  /**
   * Reads what follows the end, so that a sender is not held up and a compressed stream's checksum
   * is seen.
   */
  private void drain() throws IOException {
    byte[] buffer = new byte[64 << 10];
    long drained = 0;
    while (true) {
      int read;
      try {
        read = in.read(buffer);
      } catch (EOFException | ZipException e) {
        throw new TreeException("The tar archive's compression is damaged or cut off.", e);
      }
      if (read < 0) {
        return;
      }
      drained += read;
      if (drained > MAX_TRAILER) {
        throw new TreeException(
            "More than " + MAX_TRAILER + " bytes follow the end of the tar archive: refused.");
      }
    }
  }

  private static long padded(long size) {
    return (size + TarFormat.BLOCK - 1) / TarFormat.BLOCK * TarFormat.BLOCK;
  }
}

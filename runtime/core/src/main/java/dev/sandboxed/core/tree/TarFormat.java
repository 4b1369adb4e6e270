package dev.sandboxed.core.tree;

import java.util.Arrays;

/**
 * Offsets and numbers of tar headers: POSIX.1-2017 {@code pax}, "ustar Interchange Format", and the
 * GNU tar manual, "Basic Tar Format".
 */
final class TarFormat {
  static final int BLOCK = 512;

  static final int NAME = 0;
  static final int NAME_LENGTH = 100;
  static final int MODE = 100;
  static final int UID = 108;
  static final int GID = 116;
  static final int ID_LENGTH = 8;
  static final int SIZE = 124;
  static final int MTIME = 136;
  static final int NUMBER_LENGTH = 12;
  static final int CHECKSUM = 148;
  static final int TYPE = 156;
  static final int LINK = 157;
  static final int MAGIC = 257;
  static final int MAJOR = 329;
  static final int MINOR = 337;
  static final int PREFIX = 345;
  static final int PREFIX_LENGTH = 155;

  /** GNU's sparse header: four segments, then whether more follow, then the real size. */
  static final int GNU_SPARSE = 386;

  static final int GNU_SPARSE_COUNT = 4;
  static final int GNU_EXTENDED = 482;
  static final int GNU_REAL_SIZE = 483;
  static final int GNU_EXTENSION_COUNT = 21;
  static final int GNU_EXTENSION_MORE = 504;

  private TarFormat() {}

  /** Returns a text field up to its first NUL. */
  static String text(byte[] header, int offset, int length) {
    int end = offset;
    while (end < offset + length && header[end] != 0) {
      end++;
    }
    return ByteStrings.ofBytes(Arrays.copyOfRange(header, offset, end));
  }

  /** Returns a number in octal digits or, when its first bit is set, in GNU's binary form. */
  static long number(byte[] header, int offset, int length) throws TreeException {
    if ((header[offset] & 0x80) != 0) {
      return binary(header, offset, length);
    }
    int at = offset;
    int end = offset + length;
    while (at < end && header[at] == ' ') {
      at++;
    }
    long value = 0;
    for (; at < end && header[at] != 0 && header[at] != ' '; at++) {
      int digit = header[at] - '0';
      if (digit < 0 || digit > 7 || value >>> 60 != 0) {
        throw new TreeException(
            "The tar archive is damaged: a header holds no number where one belongs.");
      }
      value = value << 3 | digit;
    }
    return value;
  }

  private static long binary(byte[] header, int offset, int length) throws TreeException {
    boolean negative = (header[offset] & 0x40) != 0;
    // The first bit is a mark, the second one the sign.
    long value = negative ? header[offset] : header[offset] & 0x3f;
    for (int i = offset + 1; i < offset + length; i++) {
      long high = value >> 55;
      if (high != 0 && high != -1) {
        throw new TreeException(
            "The tar archive is damaged: a header holds a number that is too large.");
      }
      value = value << 8 | (header[i] & 0xff);
    }
    return value;
  }

  /** Returns the sum of all bytes with the checksum field taken as spaces. */
  static long checksum(byte[] header, boolean signed) {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      boolean own = i >= CHECKSUM && i < CHECKSUM + ID_LENGTH;
      sum += own ? ' ' : signed ? header[i] : header[i] & 0xff;
    }
    return sum;
  }
}

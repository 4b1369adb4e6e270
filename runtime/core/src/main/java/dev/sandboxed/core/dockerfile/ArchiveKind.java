package dev.sandboxed.core.dockerfile;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;

/** What a file is to {@code ADD}, by its first bytes, whatever its name. */
enum ArchiveKind {
  /** A tar archive, plain or compressed by gzip. */
  TAR,
  /** Something compressed, perhaps an archive, by what is not unpacked here. */
  UNSUPPORTED,
  /** Any other file. */
  NONE;

  private static final int BLOCK = 512;
  private static final int CHECKSUM = 148;
  private static final int CHECKSUM_LENGTH = 8;

  static ArchiveKind of(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      in.mark(BLOCK);
      var start = HexFormat.of().formatHex(in.readNBytes(6));
      in.reset();
      if (start.startsWith("1f8b")) {
        return gzip(in);
      }
      if (start.equals("fd377a585a00")
          || start.startsWith("425a68")
          || start.startsWith("28b52ffd")) {
        return UNSUPPORTED;
      }
      return isTar(in.readNBytes(BLOCK)) ? TAR : NONE;
    }
  }

  private static ArchiveKind gzip(InputStream in) {
    try (var unpacked = new GZIPInputStream(in)) {
      return isTar(unpacked.readNBytes(BLOCK)) ? TAR : NONE;
    } catch (IOException e) {
      return NONE;
    }
  }

  /** Tells whether a block is the header of a member: its checksum is right. */
  private static boolean isTar(byte[] block) {
    if (block.length < BLOCK) {
      return false;
    }
    var digits =
        new String(block, CHECKSUM, CHECKSUM_LENGTH, StandardCharsets.ISO_8859_1)
            .replace('\0', ' ')
            .strip();
    var sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= CHECKSUM && i < CHECKSUM + CHECKSUM_LENGTH ? ' ' : block[i] & 0xff;
    }
    return digits.matches("[0-7]{1,7}") && Integer.parseInt(digits, 8) == sum;
  }
}

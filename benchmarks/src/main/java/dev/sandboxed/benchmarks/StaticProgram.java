package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;

/**
 * The smallest static program: it writes one byte to its stdout and ends.
 *
 * <p>A language's runtime would add its own start to all that is compared.
 */
final class StaticProgram {
  private static final long BASE = 0x40_0000;
  private static final int HEADERS = 64 + 56;
  private static final short EXECUTABLE = 2;
  private static final short X86_64 = 62;
  private static final int READ_AND_EXECUTE = 5;

  /** write(1, "x", 1); exit(0). */
  private static final byte[] CODE =
      HexFormat.of()
          .parseHex("b801000000bf01000000488d3510000000ba010000000f05b83c00000031ff0f0578");

  private StaticProgram() {}

  static void write(Path file) throws IOException {
    var arch = System.getProperty("os.arch");
    if (!arch.equals("amd64")) {
      throw new IOException(
          "The benchmarks have no static program for the processor architecture "
              + arch
              + "; run them on x86_64");
    }
    Files.write(file, elf());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static byte[] elf() {
    var size = HEADERS + CODE.length;
    var elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(HexFormat.of().parseHex("7f454c46020101")).position(16);
    elf.putShort(EXECUTABLE).putShort(X86_64).putInt(1);
    elf.putLong(BASE + HEADERS).putLong(64).putLong(0).putInt(0);
    elf.putShort((short) 64).putShort((short) 56).putShort((short) 1);
    elf.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    elf.putInt(1).putInt(READ_AND_EXECUTE).putLong(0).putLong(BASE).putLong(BASE);
    elf.putLong(size).putLong(size).putLong(0x1000);
    return elf.put(CODE).array();
  }
}

package dev.sandboxed.core.gpu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the name by which programs ask for a shared library, as {@code ldconfig} does. */
final class SharedObject {
  private static final int ELF = 0x7F454C46;
  private static final int HEADER = 64;
  private static final int PROGRAM_HEADER = 56;
  private static final int MAX_HEADERS = 128;
  private static final int MAX_DYNAMIC = 1 << 16;
  private static final int MAX_NAME = 255;
  private static final int LOAD = 1;
  private static final int DYNAMIC = 2;
  private static final long STRING_TABLE = 5;
  private static final long NAME = 14;

  private final FileChannel file;

  private SharedObject(FileChannel file) {
    this.file = file;
  }

  /** Returns the name, if the file is a 64-bit library that has one. */
  static Optional<String> nameOf(Path library) {
    try (var file = FileChannel.open(library)) {
      return new SharedObject(file).name();
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Optional<String> name() throws IOException {
    var header = read(0, HEADER);
    if (header.order(ByteOrder.BIG_ENDIAN).getInt(0) != ELF
        || header.get(4) != 2
        || header.get(5) != 1) {
      return Optional.empty();
    }
    header.order(ByteOrder.LITTLE_ENDIAN);
    var count = Math.min(header.getShort(56), MAX_HEADERS);
    var programs = read(header.getLong(32), count * PROGRAM_HEADER);
    for (var i = 0; i < count; i++) {
      if (programs.getInt(i * PROGRAM_HEADER) == DYNAMIC) {
        var at = programs.getLong(i * PROGRAM_HEADER + 8);
        var size = programs.getLong(i * PROGRAM_HEADER + 32);
        return name(read(at, (int) Math.min(size, MAX_DYNAMIC)), programs);
      }
    }
    return Optional.empty();
  }

  private Optional<String> name(ByteBuffer dynamic, ByteBuffer programs) throws IOException {
    var table = -1L;
    var name = -1L;
    while (dynamic.remaining() >= 16) {
      var tag = dynamic.getLong();
      var value = dynamic.getLong();
      table = tag == STRING_TABLE ? value : table;
      name = tag == NAME ? value : name;
    }
    if (table < 0 || name < 0) {
      return Optional.empty();
    }
    var text = read(offset(table, programs) + name, MAX_NAME + 1);
    var length = 0;
    while (text.get(length) != 0) {
      length++;
    }
    var found = new String(text.array(), 0, length, StandardCharsets.ISO_8859_1);
    return found.matches("[\\w.+-]+") ? Optional.of(found) : Optional.empty();
  }

  /** Turns an address in memory into one in the file. */
  private static long offset(long address, ByteBuffer programs) {
    for (var i = 0; i + PROGRAM_HEADER <= programs.limit(); i += PROGRAM_HEADER) {
      var start = programs.getLong(i + 16);
      if (programs.getInt(i) == LOAD
          && address >= start
          && address - start < programs.getLong(i + 32)) {
        return address - start + programs.getLong(i + 8);
      }
    }
    throw new IllegalArgumentException("no such address");
  }

  /** Reads so many bytes, with zeros behind the end of the file. */
  private ByteBuffer read(long at, int size) throws IOException {
    if (at < 0 || size < 0 || at > file.size()) {
      throw new IllegalArgumentException("outside of the file");
    }
    var buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining() && file.read(buffer, at + buffer.position()) >= 0) {}
    return buffer.clear();
  }
}

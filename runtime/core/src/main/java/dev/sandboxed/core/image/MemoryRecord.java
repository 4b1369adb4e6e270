package dev.sandboxed.core.image;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What a memory snapshot consists of, so that a damaged one is told from a whole one.
 *
 * @param image what its sandbox was started from
 * @param spec what copies are, in the words of whoever keeps it
 * @param files the files by their names
 */
record MemoryRecord(PreparedImage image, JsonObject spec, Map<String, FileSum> files) {
  /** The name of the record among the files. */
  static final String NAME = "record.json";

  private static final int FORMAT = 1;
  private static final int BUFFER = 1 << 20;
  private static final int MAX_BYTES = 4 << 20;

  /**
   * What a file holds. The sum finds damage, which nobody does on purpose: the files are the user's
   * own. It is one that processors compute as fast as they read.
   *
   * @param size its length
   * @param crc its CRC-32C
   */
  record FileSum(long size, long crc) {
    static FileSum of(Path file) throws IOException {
      var crc = new CRC32C();
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
      long size = 0;
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
        for (int read = channel.read(buffer); read >= 0; read = channel.read(buffer)) {
          size += read;
          crc.update(buffer.flip());
          buffer.clear();
        }
      }
      return new FileSum(size, crc.getValue());
    }
  }

  MemoryRecord {
    files = Map.copyOf(files);
  }

  /** Reads what was written into a directory, and takes it from everybody else. */
  static MemoryRecord of(PreparedImage image, JsonObject spec, Path directory) throws IOException {
    var files = new TreeMap<String, FileSum>();
    try (DirectoryStream<Path> written = Files.newDirectoryStream(directory)) {
      for (Path file : written) {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        files.put(String.valueOf(file.getFileName()), FileSum.of(file));
      }
    }
    if (files.isEmpty()) {
      throw new IOException("nothing was written to " + directory);
    }
    return new MemoryRecord(image, spec, files);
  }

  byte[] toBytes() {
    var sums = new LinkedHashMap<String, Object>();
    files.forEach(
        (name, sum) -> sums.put(name, JsonObject.of(Map.of("size", sum.size(), "crc", sum.crc()))));
    return JsonObject.of(
            Map.of(
                "format",
                FORMAT,
                "image",
                ImageMessage.of(image),
                "spec",
                spec,
                "files",
                JsonObject.of(sums)))
        .toBytes();
  }

  /** Reads the record of a directory; empty if there is none, or none that can be understood. */
  static Optional<MemoryRecord> read(Path directory) {
    try {
      Path file = directory.resolve(NAME);
      return Files.size(file) > MAX_BYTES ? Optional.empty() : parse(Files.readAllBytes(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<MemoryRecord> parse(byte[] bytes) throws ProtocolException {
    var message = JsonObject.parse(ByteBuffer.wrap(bytes));
    var image = message.object("image");
    var spec = message.object("spec");
    var sums = message.object("files");
    if (message.number("format").orElse(0) != FORMAT
        || image.isEmpty()
        || spec.isEmpty()
        || sums.isEmpty()) {
      return Optional.empty();
    }
    var files = new TreeMap<String, FileSum>();
    for (String name : sums.get().names()) {
      var sum = sums.get().object(name);
      if (sum.isEmpty() || name.contains("/")) {
        return Optional.empty();
      }
      files.put(
          name,
          new FileSum(sum.get().number("size").orElse(-1), sum.get().number("crc").orElse(-1)));
    }
    return Optional.of(new MemoryRecord(ImageMessage.parse(image.get()), spec.get(), files));
  }
}

package dev.sandboxed.core.dockerfile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files whose size nobody vouches for. */
final class BoundedFile {
  private BoundedFile() {}

  static byte[] read(Path file, int limit) throws IOException {
    try (var in = Files.newInputStream(file)) {
      var bytes = in.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw DockerfileException.of(
            file.toString(), "has more than %,d bytes: refused".formatted(limit));
      }
      return bytes;
    }
  }
}

package dev.sandboxed.maven;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks a Maven as it is published. Nothing is written outside of its own directory, and no more
 * than any Maven needs.
 */
final class MavenArchive {
  private static final int MAX_ENTRIES = 2_000;
  private static final long MAX_BYTES = 128L << 20;

  private MavenArchive() {}

  /**
   * Unpacks one. It is there as a whole or not at all, also where others do the same at a time.
   *
   * @param zip the archive, all of which is in a directory of the name of {@code home}
   * @param home where it shall be
   * @throws IOException if it cannot be, or if the archive is not what it should be
   */
  static void unpack(Path zip, Path home) throws IOException {
    var parent = parent(home);
    Files.createDirectories(parent);
    var temporary = Files.createTempDirectory(parent, ".unpacking-");
    try {
      try (var file = new ZipFile(zip.toFile())) {
        unpackAll(file, temporary);
      }
      var unpacked = temporary.resolve(String.valueOf(home.getFileName()));
      var program = unpacked.resolve("bin/mvn");
      if (!Files.isRegularFile(program)) {
        throw new IOException("%s is no Maven: it has no bin/mvn".formatted(zip.getFileName()));
      }
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
      move(unpacked, home);
    } finally {
      remove(temporary);
    }
  }

  private static void unpackAll(ZipFile file, Path directory) throws IOException {
    if (file.size() > MAX_ENTRIES) {
      throw new IOException("the archive has more than %,d files".formatted(MAX_ENTRIES));
    }
    var left = MAX_BYTES;
    for (var entry : file.stream().toList()) {
      var target = directory.resolve(entry.getName()).normalize();
      if (!target.startsWith(directory) || target.equals(directory)) {
        throw new IOException(
            "the archive has a file outside of it: " + SafeText.line(entry.getName()));
      }
      if (entry.isDirectory()) {
        Files.createDirectories(target);
      } else {
        Files.createDirectories(parent(target));
        left -= write(file, entry, target, left);
      }
    }
  }

  private static long write(ZipFile file, ZipEntry entry, Path target, long limit)
      throws IOException {
    try (InputStream in = file.getInputStream(entry);
        var out = Files.newOutputStream(target)) {
      var buffer = new byte[8192];
      var bytes = 0L;
      for (var n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        bytes += n;
        if (bytes > limit) {
          throw new IOException("the archive has more than %,d bytes".formatted(MAX_BYTES));
        }
        out.write(buffer, 0, n);
      }
      return bytes;
    }
  }

  private static void move(Path unpacked, Path home) throws IOException {
    try {
      Files.move(unpacked, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!Files.isRegularFile(home.resolve("bin/mvn"))) {
        throw e;
      }
      // Another build was quicker.
    }
  }

  private static Path parent(Path path) {
    @Nullable Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("No directory of its own: " + path);
    }
    return parent;
  }

  private static void remove(Path directory) throws IOException {
    try (var all = Files.walk(directory)) {
      for (var file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

package dev.sandboxed.gvisor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Packages for pip that need no index. */
final class Wheels {
  private Wheels() {}

  /** Writes a package of one module, whose VERSION is the package's. */
  static Path write(Path directory, String name, String version) throws IOException {
    var info = "%s-%s.dist-info/".formatted(name, version);
    var files =
        new TreeMap<>(
            Map.of(
                name + ".py",
                "VERSION = '" + version + "'\n",
                info + "METADATA",
                "Metadata-Version: 2.1\nName: %s\nVersion: %s\n".formatted(name, version),
                info + "WHEEL",
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                info + "RECORD",
                "%s.py,,\n%sMETADATA,,\n%sWHEEL,,\n%sRECORD,,\n"
                    .formatted(name, info, info, info)));
    var wheel = directory.resolve("%s-%s-py3-none-any.whl".formatted(name, version));
    try (var zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
      for (var file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
    return wheel;
  }
}

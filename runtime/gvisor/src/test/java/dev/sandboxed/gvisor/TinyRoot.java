package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;

/** A root file system of a few of the host's programs, without anything that is installed. */
final class TinyRoot {
  private static final String BUILD =
      """
      cd "$1"
      mkdir -p usr/bin tmp etc srv root var/tmp
      chmod 755 .
      chmod 1777 tmp var/tmp
      for d in bin sbin lib lib64; do mkdir -p usr/$d; ln -s usr/$d $d; done
      for p in bash sh cat id ls env rm mkdir touch chmod sleep stat; do cp -L "$(command -v $p)" usr/bin/; done
      ldd usr/bin/* | sed -n 's/.*\\s\\(\\/[^ ]*\\) (.*/\\1/p' | sort -u | while read -r l; do mkdir -p ".$(dirname "$l")"; cp -L "$l" ".$l"; done
      echo 'root:x:0:0::/root:/bin/sh' > etc/passwd
      echo 'app:x:1234:1235::/srv/home:/bin/sh' >> etc/passwd
      echo 'app:x:1235:' > etc/group
      """;

  private final Path directory;

  private TinyRoot(Path directory) {
    this.directory = directory;
  }

  /** Makes one in an empty directory. */
  static TinyRoot in(Path directory) throws IOException, InterruptedException {
    var log = Files.createTempFile("tiny-root", ".log");
    var process =
        new ProcessBuilder("bash", "-euc", BUILD, "tiny-root", directory.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    } finally {
      process.destroyForcibly();
      Files.delete(log);
    }
    return new TinyRoot(directory);
  }

  /** Adds a file. */
  TinyRoot file(String path, String text) throws IOException {
    var file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return this;
  }

  /** Adds a program. */
  TinyRoot program(String path, String text) throws IOException {
    file(path, text);
    Files.setPosixFilePermissions(
        directory.resolve(path), PosixFilePermissions.fromString("rwxr-xr-x"));
    return this;
  }

  Path directory() {
    return directory;
  }
}

package dev.sandboxed.core.erofs;

import dev.sandboxed.core.support.DebianPackages;
import dev.sandboxed.core.tree.DirectoryRemover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A whole Debian, to copy. Root makes a fresh one with debootstrap, once per checkout; anyone else,
 * who may not, takes the part of this machine's own that is large and can be read by all.
 */
final class DebianRoot {
  private DebianRoot() {}

  static Path directory() throws IOException {
    if (!DebianPackages.isRoot()) {
      return Path.of("/usr/share/doc");
    }
    Path root = Path.of("target", "debian-root").toAbsolutePath();
    if (Files.exists(root)) {
      return root;
    }
    Path debootstrap = DebianPackages.require("debootstrap", "debootstrap");
    Path work =
        Files.createTempDirectory(Files.createDirectories(root.getParent()), "debian-root-");
    try {
      // The mirror and the release are this machine's own.
      DebianPackages.run(
          "bash",
          "-euc",
          ". /etc/os-release; mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By:"
              + " Packages' | head -1); exec \"$1\" --variant=minbase \"$VERSION_CODENAME\" \"$2\""
              + " \"$mirror\"",
          "debootstrap",
          debootstrap.toString(),
          work.resolve("root").toString());
      Files.move(work.resolve("root"), root);
    } finally {
      DirectoryRemover.remove(work);
    }
    return root;
  }
}

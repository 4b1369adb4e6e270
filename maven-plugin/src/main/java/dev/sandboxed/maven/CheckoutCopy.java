package dev.sandboxed.maven;

import dev.sandboxed.FileStat;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.maven.project.Layout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.stream.Collectors;

/**
 * Copies a checkout into a sandbox in which its dependencies are installed. What the installation
 * made stays, such as {@code node_modules}, also where the host has something of the same name;
 * only in directories that hold key files can that be. Directories that are marked as caches, such
 * as the {@code target} of Cargo, are left out: they can be huge, and can be made again.
 *
 * <p>The checkout may be hostile: links are copied as links, and nothing is read through one.
 */
final class CheckoutCopy {
  /** Is mounted instead: it is large, and tests seldom look at it. */
  static final String MOUNTED = ".git";

  private final SandboxFiles files;
  private final KeyFiles keyFiles;

  CheckoutCopy(SandboxFiles files, KeyFiles keyFiles) {
    this.files = files;
    this.keyFiles = keyFiles;
  }

  void run() throws IOException {
    copy(Path.of(""), Layout.CHECKOUT);
  }

  /** Copies a directory that holds key files, perhaps further down. */
  private void copy(Path directory, String inside) throws IOException {
    var installed =
        new HashSet<>(files.list(inside).stream().map(FileStat::name).collect(Collectors.toSet()));
    var links = new ArrayList<Path>();
    for (var entry : entries(keyFiles.checkout().resolve(directory))) {
      var name = entry.getFileName().toString();
      var path = directory.resolve(name);
      var target = inside + "/" + name;
      if (installed.contains(name)) {
        // Else the installation has made or changed it, or it was copied for it.
        if (keyFiles.isAbove(path) && isDirectory(entry)) {
          copy(path, target);
        }
      } else if (Files.isSymbolicLink(entry)) {
        links.add(entry);
      } else if (isDirectory(entry) ? !CacheTag.isIn(entry) : isFile(entry)) {
        files.copyIn(entry, target);
      }
    }
    copyLinks(links, inside);
  }

  /** A link on its own would be followed; in a directory that is copied it is not. */
  private void copyLinks(Iterable<Path> links, String inside) throws IOException {
    if (!links.iterator().hasNext()) {
      return;
    }
    var gathered = Files.createTempDirectory("sandbox-links-");
    try {
      // It is merged into the directory inside, mode and all.
      KeyFiles.makeWritableInside(gathered);
      for (var link : links) {
        Files.createSymbolicLink(
            gathered.resolve(link.getFileName().toString()), Files.readSymbolicLink(link));
      }
      files.copyIn(gathered, inside);
    } finally {
      for (var link : entries(gathered)) {
        Files.delete(link);
      }
      Files.delete(gathered);
    }
  }

  private static Iterable<Path> entries(Path directory) throws IOException {
    try (var entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }

  private static boolean isDirectory(Path file) {
    return Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isFile(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }
}

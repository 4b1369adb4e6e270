package dev.sandboxed.core.tree;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Private directories next to where their content goes in the end. Their names say which process
 * made them, so that what a killed one left is removed by the next that works there.
 */
final class WorkDirectory {
  private static final String PREFIX = ".sandboxed-";
  private static final Pattern NAME = Pattern.compile("\\.sandboxed-([0-9]+)-([0-9]{1,18})-[0-9]+");

  private WorkDirectory() {}

  static Path create(Path parent) throws IOException {
    sweep(parent);
    return Files.createTempDirectory(
        parent,
        PREFIX + processes() + "-" + ProcessHandle.current().pid() + "-",
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  private static void sweep(Path parent) throws IOException {
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(parent, PREFIX + "*")) {
      for (Path directory : directories) {
        Matcher name = NAME.matcher(String.valueOf(directory.getFileName()));
        if (name.matches()
            && name.group(1).equals(processes())
            && ProcessHandle.of(Long.parseLong(name.group(2))).isEmpty()
            && Files.getOwner(directory).equals(Files.getOwner(Path.of("/proc/self")))) {
          DirectoryRemover.remove(directory);
        }
      }
    }
  }

  /** Returns what tells the process numbers of this container or machine from those of others. */
  private static String processes() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/ns/pid"))
          .toString()
          .replaceAll("[^0-9]", "");
    } catch (IOException e) {
      return "0";
    }
  }
}

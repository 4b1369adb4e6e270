package dev.sandboxed.assertj;

import dev.sandboxed.FileStat;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.SandboxFileException;
import java.util.List;
import java.util.stream.Collectors;

/** Shows files for people, a line each, like {@code ls -l}. */
final class Listing {
  private static final int SHOWN = 50;
  private static final int MAX_NAME = 255;

  private Listing() {}

  static String of(List<FileStat> files, SafeRepresentation representation) {
    if (files.isEmpty()) {
      return "  (empty)";
    }
    return files.stream()
            .limit(SHOWN)
            .map(f -> "  " + line(f, representation))
            .collect(Collectors.joining("\n"))
        + (files.size() > SHOWN ? "\n  … and %,d more".formatted(files.size() - SHOWN) : "");
  }

  /** Shows what is in the nearest directory around a path, if there is one that can be listed. */
  static String near(SandboxPath missing, SafeRepresentation representation) {
    for (var path = parent(missing.path()); ; path = parent(path)) {
      try {
        var found = missing.sandbox().files().list(path);
        return "The nearest directory, %s, holds:\n%s"
            .formatted(representation.text(path), of(found, representation));
      } catch (SandboxFileException e) {
        if (path.equals("/") || path.equals(".")) {
          return "Nothing around it can be listed";
        }
      }
    }
  }

  static String noun(FileType type) {
    return switch (type) {
      case FILE -> "regular file";
      case DIRECTORY -> "directory";
      case SYMLINK -> "symbolic link";
      case FIFO -> "named pipe";
      case SOCKET -> "socket";
      case CHARACTER_DEVICE -> "character device";
      case BLOCK_DEVICE -> "block device";
    };
  }

  private static String parent(String path) {
    var end = path.length();
    while (end > 1 && path.charAt(end - 1) == '/') {
      end--;
    }
    var slash = path.lastIndexOf('/', end - 1);
    return slash < 0 ? "." : slash == 0 ? "/" : path.substring(0, slash);
  }

  private static String line(FileStat file, SafeRepresentation representation) {
    return "%s%04o %s %s %,d %s%s"
        .formatted(
            letter(file.type()),
            file.mode(),
            representation.text(file.user().orElse(String.valueOf(file.uid()))),
            representation.text(file.group().orElse(String.valueOf(file.gid()))),
            file.size(),
            name(file.name(), representation),
            file.linkTarget().map(t -> " -> " + name(t, representation)).orElse(""));
  }

  /** Shows a name in one line. */
  private static String name(String name, SafeRepresentation representation) {
    var shown = representation.text(name).replace("\n", "\\n");
    return shown.length() > MAX_NAME ? shown.substring(0, MAX_NAME) + "…" : shown;
  }

  private static char letter(FileType type) {
    return switch (type) {
      case FILE -> '-';
      case DIRECTORY -> 'd';
      case SYMLINK -> 'l';
      case FIFO -> 'p';
      case SOCKET -> 's';
      case CHARACTER_DEVICE -> 'c';
      case BLOCK_DEVICE -> 'b';
    };
  }
}

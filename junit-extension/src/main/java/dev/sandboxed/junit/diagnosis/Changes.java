package dev.sandboxed.junit.diagnosis;

import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import dev.sandboxed.FileChange;
import dev.sandboxed.FileStat;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.SecretMask;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What a sandbox has changed, in words: bounded, without secrets, and safe to print on a terminal.
 *
 * @param list the changed files, a line each; empty if there are none
 * @param diff the differences of texts; empty if there are none
 */
public record Changes(String list, String diff) {
  private static final int MAX_LISTED = 1000;
  private static final int MAX_TEMPORARY = 200;
  private static final int MAX_DIFF = 256 << 10;

  /** So that texts which were made to be hard to compare take no longer than others. */
  private static final int MAX_LINES = 1000;

  private static final int CONTEXT_LINES = 3;

  /** Asks a sandbox, whose programs stand still for a moment. */
  static Changes of(Sandbox sandbox, SecretMask mask) {
    var changes = sandbox.changes();
    var lines = new ArrayList<String>();
    changes.stream().limit(MAX_LISTED).map(c -> line(c, mask)).forEach(lines::add);
    if (changes.size() > MAX_LISTED) {
      lines.add("and %,d others at least".formatted(changes.size() - MAX_LISTED));
    }
    lines.addAll(temporary(sandbox.files(), mask));
    return new Changes(String.join("\n", lines), diff(changes, mask));
  }

  private static String line(FileChange change, SecretMask mask) {
    return line(
        change.kind().name().toLowerCase(Locale.ROOT),
        change.type(),
        change.mode(),
        change.size(),
        change.path(),
        mask);
  }

  private static String line(
      String kind, FileType type, int mode, long size, String path, SecretMask mask) {
    // A path may hold line ends.
    var shown = clean(path, mask).replace("\n", "\\n");
    return switch (type) {
      case FILE -> "%-7s %04o %,14d %s".formatted(kind, mode, size, shown);
      case DIRECTORY -> "%-7s %04o %14s %s/".formatted(kind, mode, "", shown);
      default ->
          "%-7s %04o %14s %s"
              .formatted(kind, mode, type.name().toLowerCase(Locale.ROOT).replace('_', ' '), shown);
    };
  }

  /** Lists what is in {@code /tmp}, which is a file system of its own, and empty at the start. */
  private static List<String> temporary(SandboxFiles files, SecretMask mask) {
    var lines = new ArrayList<String>();
    var directories = new ArrayDeque<String>(List.of("/tmp"));
    while (!directories.isEmpty()) {
      for (var file : list(files, directories.removeFirst())) {
        if (lines.size() == MAX_TEMPORARY) {
          lines.add("and others in /tmp");
          return lines;
        }
        lines.add(line("added", file.type(), file.mode(), file.size(), file.path(), mask));
        if (file.type() == FileType.DIRECTORY) {
          directories.addLast(file.path());
        }
      }
    }
    return lines;
  }

  private static List<FileStat> list(SandboxFiles files, String directory) {
    try {
      return files.list(directory);
    } catch (SandboxFileException e) {
      // There is none in the image, or it was removed meanwhile.
      return List.of();
    }
  }

  private static String diff(List<FileChange> changes, SecretMask mask) {
    var text = new StringBuilder();
    for (var change : changes) {
      if (change.type() == FileType.FILE && change.kind() != FileChange.Kind.REMOVED) {
        for (var line : diff(change, mask)) {
          if (text.length() + line.length() > MAX_DIFF) {
            return text.append("There is more than is shown.\n").toString();
          }
          text.append(OutputTail.printable(line)).append('\n');
        }
      }
    }
    return text.toString();
  }

  private static List<String> diff(FileChange change, SecretMask mask) {
    var isAdded = change.kind() == FileChange.Kind.ADDED;
    if (change.after().isEmpty() || (change.before().isEmpty() && !isAdded)) {
      return List.of();
    }
    var path = clean(change.path(), mask).replace("\n", "\\n");
    var before = lines(change.before().orElse(""), mask);
    var after = lines(change.after().get(), mask);
    if (before.size() > MAX_LINES || after.size() > MAX_LINES) {
      return List.of();
    }
    return isAdded
        ? added("sandbox" + path, after)
        : UnifiedDiffUtils.generateUnifiedDiff(
            "image" + path, "sandbox" + path, before, DiffUtils.diff(before, after), CONTEXT_LINES);
  }

  private static List<String> added(String name, List<String> lines) {
    if (lines.isEmpty()) {
      return List.of();
    }
    var head = List.of("--- /dev/null", "+++ " + name, "@@ -0,0 +1,%d @@".formatted(lines.size()));
    return Stream.concat(head.stream(), lines.stream().map(line -> "+" + line)).toList();
  }

  private static List<String> lines(String text, SecretMask mask) {
    return mask.apply(text).lines().toList();
  }

  private static String clean(String words, SecretMask mask) {
    return OutputTail.printable(mask.apply(words));
  }
}

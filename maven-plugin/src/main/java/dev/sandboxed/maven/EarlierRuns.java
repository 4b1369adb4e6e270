package dev.sandboxed.maven;

import dev.sandboxed.maven.report.Overview;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The runs whose reports lie in a directory, or in directories below it.
 *
 * @param root the directory
 * @param runs each run
 */
record EarlierRuns(Path root, List<EarlierRun> runs) {
  private static final int MAX_RUNS = 500;
  private static final int MAX_ENTRIES = 10_000;
  private static final int MAX_DEPTH = 3;

  EarlierRuns {
    runs = List.copyOf(runs);
  }

  /**
   * Finds them; links are not followed.
   *
   * @throws IOException if the directory cannot be read
   */
  static EarlierRuns in(Path root) throws IOException {
    var directories = new ArrayList<Path>();
    find(root, 0, directories);
    return of(root, directories);
  }

  /** Takes those in some directories. */
  static EarlierRuns of(Path root, List<Path> directories) {
    return new EarlierRuns(
        root,
        directories.stream().filter(EarlierRun::isIn).limit(MAX_RUNS).map(EarlierRun::in).toList());
  }

  private static void find(Path directory, int depth, List<Path> found) throws IOException {
    if (found.size() >= MAX_RUNS || !Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (EarlierRun.isIn(directory)) {
      found.add(directory);
    }
    if (depth == MAX_DEPTH) {
      return;
    }
    for (var entry : entries(directory)) {
      find(entry, depth + 1, found);
    }
  }

  private static List<Path> entries(Path directory) throws IOException {
    var directories = new ArrayList<Path>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      var count = 0;
      for (var entry : entries) {
        if (++count > MAX_ENTRIES) {
          break;
        }
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          directories.add(entry);
        }
      }
    }
    directories.sort(Comparator.naturalOrder());
    return directories;
  }

  /** Returns all of them together. */
  Overview overview() {
    return new Overview(
        runs.stream()
            .map(run -> new Overview.Entry(relative(run.directory()), run.report()))
            .toList());
  }

  private String relative(Path directory) {
    return SafeText.line(root.relativize(directory).toString());
  }
}

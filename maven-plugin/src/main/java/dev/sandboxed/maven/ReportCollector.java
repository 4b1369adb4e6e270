package dev.sandboxed.maven;

import dev.sandboxed.FileStat;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.project.ReportSource;
import dev.sandboxed.maven.report.GoTestEvents;
import dev.sandboxed.maven.report.InvalidReportException;
import dev.sandboxed.maven.report.JunitXmlReader;
import dev.sandboxed.maven.report.Outcome;
import dev.sandboxed.maven.report.TestCase;
import dev.sandboxed.maven.report.TestCounts;
import dev.sandboxed.maven.report.TestSuite;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Brings test reports out of a sandbox: read and checked, then written anew. Not thread-safe.
 *
 * <p>What is inside is hostile: files, directories, bytes and messages are bounded, links are not
 * followed, and a report that is not as it should be is left out with a word about it.
 */
final class ReportCollector {
  static final int MAX_DIRECTORIES = 20_000;
  static final int MAX_DEPTH = 24;
  static final int MAX_FILES = 10_000;
  static final long MAX_FILE_BYTES = 32L << 20;
  static final long MAX_TOTAL_BYTES = 512L << 20;
  static final int MAX_BROKEN = 10;
  private static final int MAX_PROBLEMS = 20;
  private static final Set<String> PASSED_BY = Set.of(".git", "node_modules", "src");

  private final SandboxFiles files;
  private final ReportDirectory directory;
  private final SecretMask mask;
  private final JunitXmlReader reader = new JunitXmlReader();
  private final List<Path> written = new ArrayList<>();
  private final List<TestCase> broken = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private TestCounts counts = TestCounts.NONE;
  private long bytes;

  ReportCollector(SandboxFiles files, ReportDirectory directory, SecretMask mask) {
    this.mask = mask;
    this.files = files;
    this.directory = directory;
  }

  /**
   * Collects what a run left.
   *
   * @param source where it is
   * @param root the project inside
   * @param since the start of the run: what is older, it did not write
   * @param events what Go's tests printed
   */
  CollectedReports collect(ReportSource source, String root, Instant since, GoTestEvents events)
      throws IOException {
    if (source instanceof ReportSource.Tree tree) {
      for (var file : find(root, tree.directories(), since)) {
        read(file);
      }
    } else if (source instanceof ReportSource.File file) {
      try {
        read(files.stat(file.path()));
      } catch (SandboxFileException e) {
        problem("There is no test report: the tests did not get as far as to write it");
      }
    } else if (source instanceof ReportSource.Events) {
      take(events.suites());
    }
    return result();
  }

  /** Returns what was collected until the sandbox ended. */
  CollectedReports ended() {
    problem("The sandbox ended before its test reports were collected");
    return result();
  }

  private CollectedReports result() {
    return new CollectedReports(counts, written, broken, problems);
  }

  private List<FileStat> find(String root, Set<String> names, Instant since) {
    var found = new ArrayList<FileStat>();
    var open = new ArrayDeque<Level>();
    open.add(new Level(root, 0, false));
    var visited = 0;
    while (!open.isEmpty()) {
      if (++visited > MAX_DIRECTORIES) {
        problem(
            "The project has more than %,d directories; the rest was not searched for reports"
                .formatted(MAX_DIRECTORIES));
        break;
      }
      var level = open.remove();
      for (var entry : list(level.path)) {
        if (entry.type() == FileType.DIRECTORY
            && level.depth < MAX_DEPTH
            && !PASSED_BY.contains(entry.name())) {
          open.add(
              new Level(
                  level.path + "/" + entry.name(), level.depth + 1, names.contains(entry.name())));
        } else if (level.reports
            && entry.type() == FileType.FILE
            && entry.name().matches("(?s)TEST-.{1,240}\\.xml")
            && !entry.modified().isBefore(since)) {
          if (found.size() == MAX_FILES) {
            problem(
                "There are more than %,d test reports; the rest is left out".formatted(MAX_FILES));
            return found;
          }
          found.add(entry);
        }
      }
    }
    return found;
  }

  private List<FileStat> list(String path) {
    try {
      return files.list(path);
    } catch (SandboxFileException e) {
      return List.of();
    }
  }

  private void read(FileStat file) throws IOException {
    var name = SafeText.line(file.name());
    if (file.type() != FileType.FILE) {
      problem("The test report " + name + " is no regular file and is left out");
    } else if (file.size() > MAX_FILE_BYTES) {
      problem(
          "The test report %s has %,d bytes, more than the %,d read of one; it is left out"
              .formatted(name, file.size(), MAX_FILE_BYTES));
    } else {
      try {
        take(reader.read(new ByteArrayInputStream(content(file.path())), fallbackName(file)));
      } catch (InvalidReportException e) {
        problem("The test report " + name + " is left out: " + e.getMessage());
      } catch (SandboxFileException e) {
        problem("The test report %s cannot be read: %s".formatted(name, e.getMessage()));
      }
    }
  }

  private byte[] content(String path) throws IOException, InvalidReportException {
    try (var in = files.inputStream(path)) {
      // It may have grown since it was looked at.
      var content = in.readNBytes((int) MAX_FILE_BYTES + 1);
      bytes += content.length;
      if (content.length > MAX_FILE_BYTES || bytes > MAX_TOTAL_BYTES) {
        throw new InvalidReportException(
            "the reports have more than the %,d bytes that are read".formatted(MAX_TOTAL_BYTES));
      }
      return content;
    }
  }

  private static String fallbackName(FileStat file) {
    return file.name().replaceFirst("^TEST-", "").replaceFirst("\\.xml$", "");
  }

  private void take(List<TestSuite> suites) throws IOException {
    for (var read : suites) {
      var suite = mask.isEmpty() ? read : read.map(mask::apply);
      counts = counts.plus(suite.counts());
      suite.cases().stream()
          .filter(c -> c.outcome() == Outcome.FAILED || c.outcome() == Outcome.ERROR)
          .limit(MAX_BROKEN - broken.size())
          .forEach(broken::add);
      if (written.size() < MAX_FILES) {
        written.add(directory.write(suite));
      } else if (written.size() == MAX_FILES) {
        problem("There are more than %,d suites".formatted(MAX_FILES));
      }
    }
  }

  private void problem(String text) {
    if (problems.size() < MAX_PROBLEMS) {
      problems.add(SafeText.line(mask.apply(text)));
    }
  }

  private record Level(String path, int depth, boolean reports) {}
}

package dev.sandboxed.maven;

import dev.sandboxed.maven.report.InvalidReportException;
import dev.sandboxed.maven.report.ListedTests;
import dev.sandboxed.maven.report.RunReport;
import dev.sandboxed.maven.report.SummaryJson;
import dev.sandboxed.maven.report.SummaryReader;
import dev.sandboxed.maven.report.TestCounts;
import dev.sandboxed.maven.report.Verdict;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A run of an earlier build, by what it left. The files may be those of somebody hostile: no link
 * is followed, and what is read is bounded.
 *
 * @param directory where its reports are
 * @param report what is told of it
 * @param tests the tests of its reports
 * @param isReadable whether there is anything to make its files from
 */
record EarlierRun(Path directory, RunReport report, ListedTests tests, boolean isReadable) {

  private static final long MAX_REPORT = 4 * ReportCollector.MAX_FILE_BYTES;

  /** Returns whether a directory has what a run left. */
  static boolean isIn(Path directory) {
    return isFile(directory.resolve(SummaryJson.FILE));
  }

  /** Reads what a run left; if that is damaged, it is a run that nothing is known of. */
  static EarlierRun in(Path directory) {
    try {
      var report = new SummaryReader(SafeText::line).read(content(directory));
      var files =
          report.files().stream()
              .map(directory::resolve)
              .filter(EarlierRun::isReport)
              .limit(ReportCollector.MAX_FILES)
              .toList();
      return new EarlierRun(directory, report, TestListing.of(files), true);
    } catch (InvalidReportException | IOException e) {
      var reason = "What is told of it cannot be read: " + e.getMessage();
      return new EarlierRun(directory, unknown(directory, reason), ListedTests.NONE, false);
    }
  }

  private static boolean isFile(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** One that is larger than any that is written is none. */
  private static boolean isReport(Path file) {
    try {
      return isFile(file) && Files.size(file) <= MAX_REPORT;
    } catch (IOException e) {
      return false;
    }
  }

  private static ByteArrayInputStream content(Path directory)
      throws IOException, InvalidReportException {
    var file = directory.resolve(SummaryJson.FILE);
    try (var in = Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      var content = in.readNBytes(SummaryReader.MAX_BYTES + 1);
      if (content.length > SummaryReader.MAX_BYTES) {
        throw new InvalidReportException(
            "it has more than %,d bytes".formatted(SummaryReader.MAX_BYTES));
      }
      return new ByteArrayInputStream(content);
    }
  }

  private static RunReport unknown(Path directory, String reason) {
    return new RunReport(
        SafeText.line(String.valueOf(directory.getFileName())),
        "",
        Verdict.ERROR,
        SafeText.line(reason),
        Instant.EPOCH,
        Duration.ZERO,
        List.of(),
        TestCounts.NONE,
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of());
  }
}

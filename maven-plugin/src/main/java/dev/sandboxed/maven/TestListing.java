package dev.sandboxed.maven;

import dev.sandboxed.maven.report.InvalidReportException;
import dev.sandboxed.maven.report.JunitXmlReader;
import dev.sandboxed.maven.report.ListedTests;
import dev.sandboxed.maven.report.Outcome;
import dev.sandboxed.maven.report.TestCase;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Chooses the tests that a page lists, from the reports on the host. Not thread-safe. */
final class TestListing {
  static final int MAX_BROKEN = 500;
  static final int MAX_OTHERS = 5_000;
  private static final int MAX_DETAIL_LINES = 200;

  private final JunitXmlReader reader = new JunitXmlReader();
  private final List<TestCase> broken = new ArrayList<>();
  private final List<TestCase> others = new ArrayList<>();
  private int left;

  private TestListing() {}

  /** Reads the reports that a run has written, one by one. */
  static ListedTests of(List<Path> reports) throws IOException {
    var listing = new TestListing();
    for (var report : reports) {
      listing.read(report);
    }
    return new ListedTests(listing.broken, listing.others, listing.left);
  }

  private void read(Path report) throws IOException {
    try (var in =
        new BufferedInputStream(
            Files.newInputStream(report, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      reader.read(in, "").forEach(suite -> suite.cases().forEach(this::add));
    } catch (InvalidReportException e) {
      throw new IOException(
          "The report %s was changed after it was written: %s".formatted(report, e.getMessage()),
          e);
    }
  }

  private void add(TestCase test) {
    var isBroken = test.outcome() == Outcome.FAILED || test.outcome() == Outcome.ERROR;
    if (isBroken && broken.size() < MAX_BROKEN) {
      broken.add(safe(test, detail(test.detail())));
    } else if (!isBroken && others.size() < MAX_OTHERS) {
      others.add(safe(test, ""));
    } else {
      left++;
    }
  }

  private static TestCase safe(TestCase test, String detail) {
    return new TestCase(
        SafeText.line(test.className()),
        SafeText.line(test.name()),
        test.seconds(),
        test.outcome(),
        SafeText.line(test.message()),
        detail);
  }

  private static String detail(String detail) {
    return detail
        .lines()
        .limit(MAX_DETAIL_LINES)
        .map(SafeText::line)
        .collect(Collectors.joining("\n"));
  }
}

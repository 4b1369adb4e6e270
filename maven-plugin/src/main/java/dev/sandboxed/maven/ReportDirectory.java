package dev.sandboxed.maven;

import dev.sandboxed.maven.report.CodeQuality;
import dev.sandboxed.maven.report.HtmlPage;
import dev.sandboxed.maven.report.JunitXmlWriter;
import dev.sandboxed.maven.report.ListedTests;
import dev.sandboxed.maven.report.Overview;
import dev.sandboxed.maven.report.RunReport;
import dev.sandboxed.maven.report.Sarif;
import dev.sandboxed.maven.report.SummaryJson;
import dev.sandboxed.maven.report.TestSuite;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * The directory on the host that reports are written to. Not thread-safe.
 *
 * <p>The names come from a sandbox: they are reduced to harmless ones, and what they would lead out
 * of the directory or over each other is not followed.
 */
final class ReportDirectory {
  /** The file that lists the destinations. */
  static final String CONNECTIONS = "network.txt";

  /** What a run writes, and the next one removes. */
  private static final String OURS =
      "{TEST-*.xml,"
          + String.join(
              ",",
              CONNECTIONS,
              SummaryJson.FILE,
              HtmlPage.FILE,
              CodeQuality.FILE,
              Overview.PAGE,
              Overview.FILE)
          + "}";

  private static final int MAX_NAME = 150;
  private final Path directory;
  private final Set<String> used = new HashSet<>();

  /** Writes a report. */
  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private ReportDirectory(Path directory) {
    this.directory = directory;
  }

  /** Makes the directory and removes the reports of the run before. */
  static ReportDirectory open(Path directory) throws IOException {
    var opened = at(directory);
    try (var old = Files.newDirectoryStream(directory, OURS)) {
      for (var file : old) {
        if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          Files.delete(file);
        }
      }
    }
    return opened;
  }

  /** Makes the directory, and leaves what is in it. */
  static ReportDirectory at(Path directory) throws IOException {
    // A checkout may hold links at target or target/sandbox that lead elsewhere on the host.
    for (var part : new Path[] {directory, directory.getParent()}) {
      if (part != null && Files.isSymbolicLink(part)) {
        throw new IOException(
            "%s is a symbolic link, and reports are not written through one; remove it or set sandbox.reportDirectory"
                .formatted(part));
      }
    }
    Files.createDirectories(directory);
    return new ReportDirectory(directory);
  }

  Path write(TestSuite suite) throws IOException {
    return write(fileName(suite.name()), out -> JunitXmlWriter.write(suite, out));
  }

  /** Writes the list of the destinations that were tried. */
  Path write(ConnectionReport connections) throws IOException {
    return write(
        CONNECTIONS, out -> out.write(connections.text().getBytes(StandardCharsets.UTF_8)));
  }

  /** Writes what is told of a run, for programs, people and services. */
  void write(RunReport report, ListedTests tests) throws IOException {
    write(SummaryJson.FILE, out -> SummaryJson.write(report, out));
    write(HtmlPage.FILE, out -> HtmlPage.write(report, tests, out));
    var linted = report.findings().stream().filter(f -> !f.isTest()).toList();
    write(Sarif.FILE, out -> Sarif.write(linted, out));
    write(CodeQuality.FILE, out -> CodeQuality.write(report.findings(), out));
  }

  /** Writes what is told of several runs together. */
  void write(Overview overview) throws IOException {
    write(Overview.PAGE, overview::writePage);
    write(Overview.FILE, overview::writeJson);
  }

  private Path write(String name, Content content) throws IOException {
    var target = directory.resolve(name);
    var temporary = directory.resolve(target.getFileName() + ".part");
    try {
      try (var out =
          new BufferedOutputStream(
              Files.newOutputStream(
                  temporary,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.TRUNCATE_EXISTING,
                  StandardOpenOption.WRITE,
                  LinkOption.NOFOLLOW_LINKS))) {
        content.writeTo(out);
      }
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
    return target;
  }

  private String fileName(String suite) {
    var safe = suite.replaceAll("[^A-Za-z0-9._-]+", "_");
    var base = safe.length() > MAX_NAME ? safe.substring(0, MAX_NAME) : safe;
    var name = base;
    for (var i = 2; !used.add(name.toLowerCase(Locale.ROOT)); i++) {
      name = base + "-" + i;
    }
    return "TEST-" + name + ".xml";
  }
}

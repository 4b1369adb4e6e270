package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The table of what was measured, a file for each row, so that projects can be measured one by one.
 */
final class UpstreamTable {
  private static final String HEAD =
      """
      | project | from | tests | passed | failed | skipped | host: installation | host: tests | first run | second run | suite inside | ratio |
      | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
      """;

  private final Path directory;

  private UpstreamTable(Path directory) {
    this.directory = directory;
  }

  /** Returns that of this build's directory. */
  static UpstreamTable ofThisBuild() {
    return new UpstreamTable(Upstream.property("real.directory").resolve("table"));
  }

  /** Adds a row. */
  void add(UpstreamProject project, Suite.HostRun host, GoalRun first, GoalRun second)
      throws IOException {
    var results = second.results();
    var row =
        "| %s %s | %s | %d | %d | %d | %d | %s | %s | %s | %s | %s | %.2f |%n"
            .formatted(
                project.name(),
                project.suite().version(),
                project.suite().ecosystem(),
                results.size(),
                results.count("passed"),
                results.broken(),
                results.count("skipped"),
                seconds(host.installing()),
                seconds(host.tests().seconds()),
                seconds(first.command().seconds()),
                seconds(second.command().seconds()),
                seconds(second.suite()),
                second.suite() / host.tests().seconds());
    Files.createDirectories(directory);
    Files.writeString(directory.resolve(project.name() + ".row"), row);
  }

  private static String seconds(double seconds) {
    return String.format(Locale.ROOT, "%.1f s", seconds);
  }

  /** Writes all rows that there are, in the order of the projects. */
  Path write() throws IOException {
    var table = new StringBuilder(HEAD);
    for (var project : UpstreamProjects.all()) {
      var row = directory.resolve(project.name() + ".row");
      if (Files.exists(row)) {
        table.append(Files.readString(row));
      }
    }
    return Files.writeString(directory.resolve("table.md"), table);
  }
}

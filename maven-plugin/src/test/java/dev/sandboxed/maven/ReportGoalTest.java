package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.report.CacheUse;
import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.ListedTests;
import dev.sandboxed.maven.report.NetworkAttempt;
import dev.sandboxed.maven.report.Outcome;
import dev.sandboxed.maven.report.RunReport;
import dev.sandboxed.maven.report.StepReport;
import dev.sandboxed.maven.report.TestCase;
import dev.sandboxed.maven.report.TestCounts;
import dev.sandboxed.maven.report.TestSuite;
import dev.sandboxed.maven.report.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What earlier runs have left, made into pages and summaries anew. */
class ReportGoalTest {
  private final List<String> lines = new ArrayList<>();
  @TempDir private Path temporary;

  @Test
  void makes_the_same_files_again() throws Exception {
    leave(reports(), report("app", Verdict.TESTS_FAILED), true);
    var before = List.of(texts("summary.json"), texts("findings.sarif"), texts("index.html"));
    Files.delete(reports().resolve("index.html"));
    Files.delete(reports().resolve("findings.sarif"));

    run(false);

    assertThat(List.of(texts("summary.json"), texts("findings.sarif"), texts("index.html")))
        .isEqualTo(before);
    assertThat(texts("index.html")).contains("one is not two", "at app.js:3");
    Schemas.assertValid(reports().resolve("summary.json"), "summary-1.json");
    assertThat(lines)
        .contains("INFO app: tests failed. " + reports().resolve("index.html"))
        .last()
        .asString()
        .startsWith("WARN 1 of 1 runs did not pass: tests failed, exitCode 1. See ");
  }

  @Test
  void leads_to_all_runs_and_says_what_has_to_be_mended_first() throws Exception {
    leave(reports().resolve("b c"), report("b c", Verdict.LINT_FAILED), true);
    leave(reports().resolve("a/jdk-17"), report("a", Verdict.PASSED), false);
    leave(reports().resolve("a/jdk-21"), report("a", Verdict.TESTS_FAILED), false);

    assertThatThrownBy(() -> run(true))
        .isInstanceOf(MojoFailureException.class)
        .hasMessageStartingWith("2 of 3 runs did not pass: tests failed, exitCode 1. See ");

    var file = reports().resolve("overview.json");
    Schemas.assertValid(file, "overview-1.json");
    var overview = read(file);
    assertThat(overview.get("verdict").stringValue()).isEqualTo("TESTS_FAILED");
    assertThat(overview.get("exitCode").intValue()).isEqualTo(1);
    assertThat(overview.get("runs"))
        .extracting(run -> run.get("directory").stringValue())
        .containsExactly("a/jdk-17", "a/jdk-21", "b c");
    assertThat(Files.readString(reports().resolve("overview.html")))
        .contains("<a href=\"./a/jdk-17/index.html\">a</a>", "./b%20c/index.html", "tests failed");
  }

  @Test
  void fails_as_an_error_where_nothing_is_known_of_a_run() throws Exception {
    leave(reports().resolve("a"), report("a", Verdict.LINT_FAILED), false);
    var broken = Files.createDirectories(reports().resolve("b"));
    Files.writeString(broken.resolve("summary.json"), "{\"formatVersion\": 1");

    assertThatThrownBy(() -> run(true))
        .isInstanceOf(MojoExecutionException.class)
        .hasMessageContaining("error, exitCode 4");

    assertThat(lines).anyMatch(l -> l.contains("b: error. What is told of it cannot be read: it"));
    assertThat(Files.readString(broken.resolve("summary.json"))).isEqualTo("{\"formatVersion\": 1");
    assertThat(broken).isDirectoryNotContaining("glob:**index.html");
  }

  @Test
  void says_that_there_is_nothing() {
    assertThatThrownBy(() -> run(true))
        .isInstanceOf(MojoExecutionException.class)
        .hasMessage(
            "There are no reports of runs in %s; run sandbox:run first, or set sandbox.reportDirectory"
                .formatted(reports()));
  }

  @Test
  void follows_no_links_and_leads_nowhere() throws Exception {
    var elsewhere = temporary.resolve("elsewhere");
    leave(elsewhere, report("elsewhere", Verdict.PASSED), false);
    leave(reports(), report("app", Verdict.PASSED), true);
    Files.createSymbolicLink(reports().resolve("linked"), elsewhere);
    var precious = Files.writeString(temporary.resolve("precious"), "<testsuite name='private'/>");
    Files.createSymbolicLink(reports().resolve("TEST-linked.xml"), precious);
    var summary = reports().resolve("summary.json");
    Files.writeString(
        summary,
        Files.readString(summary)
            .replace("\"TEST-app.xml\"", "\"TEST-linked.xml\", \"../precious\", \"TEST-/a.xml\"")
            .replace("src/app.js", "../../etc/passwd")
            .replace("npm ci", "npm\\u001b[2Jci"));

    run(false);

    assertThat(read(reports().resolve("overview.json")).get("runs")).hasSize(1);
    assertThat(texts("index.html")).doesNotContain("private", "precious", "etc/passwd", "\u001b");
    assertThat(texts("findings.sarif")).doesNotContain("passwd");
    assertThat(texts("summary.json")).doesNotContain("precious");
    assertThat(read(summary).at("/steps/0/name").stringValue()).isEqualTo("npm\\u001b[2Jci");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"formatVersion\": 2}",
        "{\"formatVersion\": 1, \"verdict\": \"FINE\", \"began\": \"2026-11-23T12:00:00Z\"}",
        "{\"formatVersion\": 1, \"verdict\": \"PASSED\", \"began\": \"today\"}",
        "{\"formatVersion\": 1, \"a\": [[[[[[[[[[[]]]]]]]]]]]}",
        "{\"formatVersion\": 1, \"verdict\": \"PASSED\", \"steps\": [1]}",
      })
  void takes_no_other_files_for_a_summary(String text) throws Exception {
    Files.createDirectories(reports());
    Files.writeString(reports().resolve("summary.json"), text);
    assertThat(EarlierRun.in(reports()).isReadable()).isFalse();
    assertThat(EarlierRun.in(reports()).report().verdict()).isEqualTo(Verdict.ERROR);
  }

  private void leave(Path directory, RunReport report, boolean withTests) throws IOException {
    var reports = ReportDirectory.open(directory);
    var listed = ListedTests.NONE;
    if (withTests) {
      var test =
          new TestCase("App", "adds", 0.1, Outcome.FAILED, "one is not two", "x\n  at app.js:3");
      listed = TestListing.of(List.of(reports.write(new TestSuite("app", List.of(test)))));
    }
    reports.write(report, listed);
  }

  private static RunReport report(String project, Verdict verdict) {
    return new RunReport(
        project,
        "npm",
        verdict,
        "",
        Instant.parse("2026-11-23T12:00:00Z"),
        Duration.ofMillis(9_500),
        List.of(
            new StepReport(
                Phase.INSTALL,
                "npm ci",
                "npm ci",
                new ExitStatus(0, ExitReason.EXITED),
                Duration.ofMillis(10),
                Duration.ofSeconds(3),
                List.of("line"))),
        new TestCounts(1, 1, 0, 0),
        List.of(new TestCase("App", "adds", 0, Outcome.FAILED, "one is not two", "")),
        List.of("TEST-app.xml"),
        List.of(
            new CacheUse(
                CacheUse.Part.INSTALLATION,
                "npm ci",
                Source.MADE,
                "0123456789ab",
                Optional.of(Instant.parse("2026-11-23T11:00:00Z")),
                Optional.of(new ByteSize(77)))),
        List.of(
            new NetworkAttempt(
                "refused", "tcp://203.0.113.7:443", 2, 0, 0, "no", NetworkAttempt.During.INSTALL)),
        List.of(
            new Finding(
                "eslint",
                "eqeqeq",
                Finding.Level.WARNING,
                "Expected ===",
                Optional.of(new Finding.Place("src/app.js", 3))),
            new Finding("eslint", "", Finding.Level.NOTE, "x", Optional.empty())),
        List.of("A report is left out"));
  }

  private void run(boolean failOnError) throws Exception {
    var goal = new ReportMojo();
    goal.reportDirectory = reports().toFile();
    goal.directories = List.of(temporary.toFile());
    goal.failOnError = failOnError;
    goal.setLog(
        new SystemStreamLog() {
          @Override
          public void info(CharSequence content) {
            lines.add("INFO " + content);
          }

          @Override
          public void warn(CharSequence content) {
            lines.add("WARN " + content);
          }
        });
    goal.execute();
  }

  private Path reports() {
    return temporary.resolve("target/sandbox");
  }

  private String texts(String name) throws IOException {
    return Files.readString(reports().resolve(name));
  }

  private static JsonNode read(Path file) throws IOException {
    return JsonMapper.shared().readTree(Files.readString(file));
  }
}

package dev.sandboxed.maven.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.report.CacheUse.Part;
import dev.sandboxed.maven.report.NetworkAttempt.During;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page for people: what it shows, and that it does nothing else. */
class HtmlPageTest {
  private static final String ATTACK =
      "</title></style></script></pre><script>document.title='taken'</script>"
          + "<img src='https://example.invalid/x' onerror=\"document.title='taken'\">\"'&lt;&#60;";

  @TempDir private Path temporary;

  @Test
  void a_browser_shows_results_timeline_output_and_network() throws Exception {
    var page = write(report("demo", "one is not two"), tests("one is not two"));

    var browser = new Browser(temporary);
    var shown = browser.show(page);

    assertThat(shown.log()).doesNotContain("CONSOLE");
    assertThat(text(shown.dom()))
        .contains("demo", "tests failed", "npm · 2026-11-23T12:00:00Z · 9.0 s")
        .contains("Tests: 3, failures: 1, errors: 0, skipped: 1")
        .contains("failed WordsTest.fails: one is not two", "at words.js:3")
        .contains("2 that passed or were skipped", "7 more are in the reports")
        .contains("npm ci", "npm run lint", "exit code 1", "the last line")
        .contains("refused tcp://203.0.113.7:443 install 1 0 0 no rule allows it")
        .contains("installation one is not two kept 0123456789ab 2026-11-22T12:00:00Z 4,096")
        .contains("A report is left out");
    var picture = browser.picture(page);
    // The page's policy lets its own style count: bars of commands that went well and that did not.
    assertThat(count(picture.getRGB(0, 0, 1200, 2000, null, 0, 1200), 0x1a7f37)).isGreaterThan(500);
    assertThat(count(picture.getRGB(0, 0, 1200, 2000, null, 0, 1200), 0xcf222e)).isGreaterThan(500);
  }

  @Test
  void texts_from_inside_stay_texts() throws Exception {
    var page = write(report(ATTACK, ATTACK), tests(ATTACK));

    var shown = new Browser(temporary).show(page);

    assertThat(shown.dom()).doesNotContainIgnoringCase("<script", "<img");
    assertThat(shown.dom()).contains("&lt;script&gt;document.title='taken'");
    // The browser asked for nothing, and its policy had nothing to refuse.
    assertThat(shown.log()).doesNotContain("CONSOLE", "example.invalid");
  }

  @Test
  void if_a_text_got_out_the_policy_would_still_let_nothing_run() throws Exception {
    var page = write(report("demo", "x"), tests("x"));
    Files.writeString(
        page,
        Files.readString(page)
            .replace(
                "<body>", "<body><script>document.title='taken'</script><b style='x:y'>b</b>"));

    var shown = new Browser(temporary).show(page);

    assertThat(shown.dom()).contains("<title>demo: tests failed</title>");
    assertThat(shown.log()).contains("Content Security Policy");
  }

  @Test
  void what_no_page_can_hold_is_replaced() throws IOException {
    var out = new ByteArrayOutputStream();
    HtmlPage.write(report("a\u0000b\ud800c\u001b", "\uffff"), tests("\u0008"), out);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("<h1>a\ufffdb\ufffdc\ufffd</h1>")
        .doesNotContain("\u0000", "\u001b", "\u0008", "\uffff");
  }

  @Test
  void a_flood_stays_bounded() throws IOException {
    var step = report("demo", "x").steps().get(0);
    var files = IntStream.range(0, 10_000).mapToObj(i -> "TEST-" + i + ".xml").toList();
    var report = report("demo", "x");
    var flood =
        new RunReport(
            report.project(),
            report.recognised(),
            report.verdict(),
            report.reason(),
            report.began(),
            report.duration(),
            List.of(step),
            report.tests(),
            report.broken(),
            files,
            report.caches(),
            report.network(),
            report.findings(),
            report.problems());
    var out = new ByteArrayOutputStream();
    HtmlPage.write(flood, ListedTests.NONE, out);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("The reports (10,000)", "TEST-999.xml")
        .doesNotContain("TEST-1000.xml");
  }

  private Path write(RunReport report, ListedTests tests) throws IOException {
    var page = temporary.resolve(HtmlPage.FILE);
    try (var out = Files.newOutputStream(page)) {
      HtmlPage.write(report, tests, out);
    }
    return page;
  }

  private static RunReport report(String name, String text) {
    return new RunReport(
        name,
        "npm",
        Verdict.TESTS_FAILED,
        "",
        Instant.parse("2026-11-23T12:00:00Z"),
        Duration.ofSeconds(9),
        List.of(
            step(Phase.INSTALL, "npm ci", 0, 0, 3, List.of()),
            step(Phase.TEST, "npm test", 1, 3, 6, List.of(text, "the last line")),
            step(Phase.LINT, "npm run lint", 0, 3, 2, List.of(text))),
        new TestCounts(3, 1, 0, 1),
        List.of(),
        List.of("TEST-words.xml"),
        List.of(
            new CacheUse(
                Part.INSTALLATION,
                text,
                Source.KEPT,
                "0123456789ab",
                Optional.of(Instant.parse("2026-11-22T12:00:00Z")),
                Optional.of(new ByteSize(4096)))),
        List.of(
            new NetworkAttempt(
                "refused", "tcp://203.0.113.7:443", 1, 0, 0, "no rule allows it", During.INSTALL),
            new NetworkAttempt("failed", text, 1, 0, 0, text, During.RUN)),
        List.of(),
        List.of("A report is left out", text));
  }

  private static StepReport step(
      Phase phase, String name, int code, int began, int seconds, List<String> output) {
    return new StepReport(
        phase,
        name,
        name,
        new ExitStatus(code, ExitReason.EXITED),
        Duration.ofSeconds(began),
        Duration.ofSeconds(seconds),
        output);
  }

  private static ListedTests tests(String text) {
    return new ListedTests(
        List.of(
            new TestCase(
                "WordsTest", "fails", 0.1, Outcome.FAILED, text, text + "\n  at words.js:3")),
        List.of(
            new TestCase(text, "passes", 0.1, Outcome.PASSED, "", ""),
            new TestCase("WordsTest", "skips", 0, Outcome.SKIPPED, text, "")),
        7);
  }

  /** Returns the texts of a document, with single blanks between them. */
  private static String text(String dom) {
    return dom.replaceAll("(?s)<style>.*?</style>|<[^>]*>", " ").replaceAll("\\s+", " ");
  }

  private static long count(int[] pixels, int color) {
    return IntStream.of(pixels).filter(p -> (p & 0xffffff) == color).count();
  }
}

package dev.sandboxed.maven.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;

/**
 * Writes what is told of a run as one page for people, which needs nothing besides itself.
 *
 * <p>Texts that came from a sandbox stay texts: a writer of XML escapes them, and if that failed,
 * the page's own policy lets nothing run and nothing be loaded.
 */
public final class HtmlPage {
  /** The name of the file in the directory of the reports. */
  public static final String FILE = "index.html";

  private static final int MAX_FILES = 1_000;
  private static final int MAX_FINDINGS = 2_000;
  private static final int MAX_CACHES = 600;
  private static final String STYLE = style();

  private HtmlPage() {}

  /**
   * Writes a page.
   *
   * @param run what is told
   * @param tests the tests to list
   * @param out where to; not closed
   * @throws IOException if it cannot be written
   */
  public static void write(RunReport run, ListedTests tests, OutputStream out) throws IOException {
    write("%s: %s".formatted(run.project(), words(run.verdict())), h -> body(run, tests, h), out);
  }

  /** What is within the body of a page. */
  @FunctionalInterface
  interface Body {
    void write(HtmlWriter html) throws XMLStreamException;
  }

  /** Writes a page with the style of all of them. */
  static void write(String title, Body body, OutputStream out) throws IOException {
    out.write("<!DOCTYPE html>\n".getBytes(StandardCharsets.UTF_8));
    try {
      var writer = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(out, "UTF-8");
      var html = new HtmlWriter(writer);
      html.within(
          "html",
          List.of("lang", "en"),
          () -> {
            html.within("head", () -> top(title, html));
            html.within("body", () -> body.write(html));
          });
      writer.flush();
    } catch (XMLStreamException e) {
      throw new IOException("Cannot write the page of the run: " + e.getMessage(), e);
    }
    out.write('\n');
  }

  private static void top(String title, HtmlWriter html) throws XMLStreamException {
    html.empty("meta", "charset", "utf-8");
    html.empty("meta", "http-equiv", "Content-Security-Policy", "content", policy());
    html.empty("meta", "name", "referrer", "content", "no-referrer");
    html.empty("meta", "name", "viewport", "content", "width=device-width");
    html.text("title", title);
    html.text("style", STYLE);
  }

  private static void body(RunReport run, ListedTests tests, HtmlWriter html)
      throws XMLStreamException {
    head(run, html);
    if (!run.steps().isEmpty()) {
      commands(run, html);
      Timeline.write(run, html);
    }
    tests(run, tests, html);
    findings(run, html);
    output(run, html);
    caches(run, html);
    network(run, html);
    problems(run, html);
  }

  private static void head(RunReport run, HtmlWriter html) throws XMLStreamException {
    html.text("h1", run.project());
    html.within(
        "p",
        () -> {
          html.text("span", "verdict " + color(run.verdict()), words(run.verdict()));
          var kind = run.recognised().isEmpty() ? "" : run.recognised() + " · ";
          html.text(
              " · %s%s · %s"
                  .formatted(kind, began(run.began()), HtmlWriter.seconds(run.duration())));
        });
    if (!run.reason().isEmpty()) {
      html.text("p", "bad", run.reason());
    }
  }

  private static void commands(RunReport run, HtmlWriter html) throws XMLStreamException {
    html.text("h2", "Commands");
    html.table(
        List.of("phase", "name", "command", "end", "#time"),
        run.steps().stream()
            .map(
                step ->
                    List.of(
                        HtmlWriter.words(step.phase().name()),
                        step.name(),
                        step.command(),
                        step.status().toString(),
                        HtmlWriter.seconds(step.duration())))
            .toList());
  }

  private static void tests(RunReport run, ListedTests tests, HtmlWriter html)
      throws XMLStreamException {
    html.text("h2", "Tests");
    if (run.files().isEmpty()) {
      html.text("p", "quiet", "No test reports.");
      return;
    }
    html.text("p", "", run.tests().toString());
    for (var test : tests.broken()) {
      html.within(
          "details",
          () -> {
            html.within(
                "summary",
                () -> {
                  html.text("span", "bad", HtmlWriter.words(test.outcome().name()));
                  html.text(" " + test.displayName() + suffix(test.message()));
                });
            if (!test.detail().isEmpty()) {
              html.text("pre", test.detail());
            }
          });
    }
    if (!tests.others().isEmpty()) {
      html.within(
          "details",
          () -> {
            html.text(
                "summary", "%,d that passed or were skipped".formatted(tests.others().size()));
            html.table(
                List.of("test", "result", "#time"),
                tests.others().stream()
                    .map(
                        test ->
                            List.of(
                                test.displayName(),
                                HtmlWriter.words(test.outcome().name()) + suffix(test.message()),
                                String.format(Locale.ROOT, "%.3f s", test.seconds())))
                    .toList());
          });
    }
    if (tests.left() > 0) {
      html.text("p", "quiet", "%,d more are in the reports.".formatted(tests.left()));
    }
    html.within(
        "details",
        () -> {
          html.text("summary", "The reports (%,d)".formatted(run.files().size()));
          for (var file : run.files().subList(0, Math.min(run.files().size(), MAX_FILES))) {
            html.within("div", () -> html.link("./" + file, file));
          }
        });
  }

  private static void findings(RunReport run, HtmlWriter html) throws XMLStreamException {
    var linted = run.findings().stream().filter(f -> !f.isTest()).toList();
    if (linted.isEmpty()) {
      return;
    }
    html.text("h2", "Linters");
    html.table(
        List.of("level", "tool", "rule", "place", "message"),
        linted.stream()
            .limit(MAX_FINDINGS)
            .map(
                f ->
                    List.of(
                        HtmlWriter.words(f.level().name()),
                        f.tool(),
                        f.rule(),
                        f.place().map(p -> p.path() + ":" + p.line()).orElse(""),
                        f.message()))
            .toList());
    if (linted.size() > MAX_FINDINGS) {
      html.text("p", "quiet", "%,d more.".formatted(linted.size() - MAX_FINDINGS));
    }
  }

  private static void output(RunReport run, HtmlWriter html) throws XMLStreamException {
    if (run.steps().stream().allMatch(step -> step.output().isEmpty())) {
      return;
    }
    html.text("h2", "The last lines of each command");
    for (var step : run.steps()) {
      if (!step.output().isEmpty()) {
        var open = step.status().isSuccess() ? List.<String>of() : List.of("open", "open");
        html.within(
            "details",
            open,
            () -> {
              html.text("summary", "%s: %s".formatted(step.name(), step.status()));
              html.text("pre", String.join("\n", step.output()));
            });
      }
    }
  }

  private static void caches(RunReport run, HtmlWriter html) throws XMLStreamException {
    if (run.caches().isEmpty()) {
      return;
    }
    html.text("h2", "What was kept");
    html.table(
        List.of("part", "name", "source", "key", "made", "#bytes"),
        run.caches().stream()
            .limit(MAX_CACHES)
            .map(
                use ->
                    List.of(
                        HtmlWriter.words(use.part().name()),
                        use.name(),
                        HtmlWriter.words(use.source().name()),
                        use.key(),
                        use.made().map(HtmlPage::began).orElse(""),
                        use.size().map(size -> "%,d".formatted(size.bytes())).orElse("")))
            .toList());
  }

  private static void network(RunReport run, HtmlWriter html) throws XMLStreamException {
    html.text("h2", "Network");
    if (run.network().isEmpty()) {
      html.text("p", "quiet", "No destination outside was noted.");
      return;
    }
    html.table(
        List.of("verdict", "destination", "during", "#times", "#bytes out", "#bytes in", "reason"),
        run.network().stream()
            .map(
                attempt ->
                    List.of(
                        attempt.verdict(),
                        attempt.destination(),
                        attempt.during().toString(),
                        "%,d".formatted(attempt.times()),
                        "%,d".formatted(attempt.bytesOut()),
                        "%,d".formatted(attempt.bytesIn()),
                        attempt.reason()))
            .toList());
  }

  private static void problems(RunReport run, HtmlWriter html) throws XMLStreamException {
    if (run.problems().isEmpty()) {
      return;
    }
    html.text("h2", "What could not be collected");
    html.within(
        "ul",
        () -> {
          for (var problem : run.problems()) {
            html.text("li", problem);
          }
        });
  }

  private static String suffix(String message) {
    return message.isEmpty() ? "" : ": " + message;
  }

  private static String words(Verdict verdict) {
    return HtmlWriter.words(verdict.name());
  }

  static String color(Verdict verdict) {
    return switch (verdict) {
      case PASSED -> "good";
      case SKIPPED -> "warn";
      case TESTS_FAILED, LINT_FAILED, INSTALL_FAILED, ERROR -> "bad";
    };
  }

  private static String began(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Nothing runs, nothing is loaded, and only the page's own style counts. */
  private static String policy() {
    try {
      var digest =
          MessageDigest.getInstance("SHA-256").digest(STYLE.getBytes(StandardCharsets.UTF_8));
      return "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'"
          .formatted(Base64.getEncoder().encodeToString(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256", e);
    }
  }

  private static String style() {
    try (InputStream css =
        Objects.requireNonNull(HtmlPage.class.getResourceAsStream("page.css"), "page.css")) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("The plugin's jar cannot be read: " + e.getMessage(), e);
    }
  }
}

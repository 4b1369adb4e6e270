package dev.sandboxed.maven.report;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import javax.xml.stream.XMLStreamException;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * Several runs together: a page that leads to those of each, and the same for programs, as {@code
 * docs/schema/overview-1.json} describes it. All texts are safe to show.
 *
 * @param runs each with its directory
 */
public record Overview(List<Entry> runs) {
  /** The name of the page in the directory of all reports. */
  public static final String PAGE = "overview.html";

  /** The name of the file for programs beside it. */
  public static final String FILE = "overview.json";

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .build();

  /** Copies the list. */
  public Overview {
    runs = List.copyOf(runs);
  }

  /**
   * A run.
   *
   * @param directory where its reports are: relative to those of all, with {@code /} between its
   *     parts; empty if they are among them
   * @param report what is told of it
   */
  public record Entry(String directory, RunReport report) {
    private String file(String name) {
      return RelativeUri.of(directory.isEmpty() ? name : directory + "/" + name);
    }
  }

  /**
   * Judges all runs.
   *
   * @return what has to be mended first
   */
  public Verdict verdict() {
    return Verdict.worst(runs.stream().map(run -> run.report().verdict()).toList());
  }

  /**
   * Writes the page.
   *
   * @param out where to; not closed
   * @throws IOException if it cannot be written
   */
  public void writePage(OutputStream out) throws IOException {
    HtmlPage.write("Sandbox runs: " + HtmlWriter.words(verdict().name()), this::body, out);
  }

  private void body(HtmlWriter html) throws XMLStreamException {
    html.text("h1", "Sandbox runs");
    html.within("p", () -> verdict(verdict(), html));
    html.within(
        "table",
        () -> {
          html.within(
              "tr",
              () -> {
                for (var title : List.of("run", "verdict", "tests", "findings", "time")) {
                  html.text("th", title);
                }
              });
          for (var run : runs) {
            html.within("tr", () -> row(run, html));
          }
        });
  }

  private static void row(Entry run, HtmlWriter html) throws XMLStreamException {
    var report = run.report();
    html.within(
        "td",
        () -> {
          html.link("./" + run.file(HtmlPage.FILE), report.project());
          if (!run.directory().isEmpty() && !run.directory().equals(report.project())) {
            html.text(" · " + run.directory());
          }
        });
    html.within(
        "td",
        () -> {
          verdict(report.verdict(), html);
          if (!report.reason().isEmpty()) {
            html.text(": " + report.reason());
          }
        });
    html.text("td", report.files().isEmpty() ? "no reports" : report.tests().toString());
    html.text("td", "%,d".formatted(report.findings().stream().filter(f -> !f.isTest()).count()));
    html.text("td", HtmlWriter.seconds(report.duration()));
  }

  private static void verdict(Verdict verdict, HtmlWriter html) throws XMLStreamException {
    html.text("span", "verdict " + HtmlPage.color(verdict), HtmlWriter.words(verdict.name()));
  }

  /**
   * Writes it for programs.
   *
   * @param out where to; not closed
   */
  public void writeJson(OutputStream out) {
    try (var to = FACTORY.createGenerator(ObjectWriteContext.empty(), out, JsonEncoding.UTF8)) {
      to.writeStartObject();
      to.writeNumberProperty("formatVersion", 1);
      to.writeStringProperty("verdict", verdict().name());
      to.writeNumberProperty("exitCode", verdict().exitCode());
      to.writeArrayPropertyStart("runs");
      runs.forEach(run -> write(run, to));
      to.writeEndArray();
      to.writeEndObject();
    }
  }

  private static void write(Entry run, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("project", run.report().project());
    to.writeStringProperty("directory", run.directory());
    to.writeStringProperty("verdict", run.report().verdict().name());
    to.writeNumberProperty("exitCode", run.report().verdict().exitCode());
    to.writeNumberProperty("tests", run.report().tests().tests());
    to.writeNumberProperty(
        "broken", run.report().tests().failures() + run.report().tests().errors());
    to.writeNumberProperty("seconds", run.report().duration().toMillis() / 1000.0);
    to.writeEndObject();
  }
}

package dev.sandboxed.maven.report;

import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.core.util.DefaultPrettyPrinter;

/**
 * Writes what is told of a run as JSON, for programs; {@code docs/schema/summary-1.json} describes
 * it. All but ASCII is escaped, so that it may be shown anywhere.
 */
public final class SummaryJson {
  /** The name of the file in the directory of the reports. */
  public static final String FILE = "summary.json";

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .build();

  private SummaryJson() {}

  /**
   * Writes a summary.
   *
   * @param run what is told
   * @param out where to; not closed
   */
  public static void write(RunReport run, OutputStream out) {
    var printer = new DefaultPrettyPrinter();
    var context =
        new ObjectWriteContext.Base() {
          @Override
          public PrettyPrinter getPrettyPrinter() {
            return printer;
          }

          @Override
          public boolean hasPrettyPrinter() {
            return true;
          }
        };
    try (var to = FACTORY.createGenerator(context, out, JsonEncoding.UTF8)) {
      write(run, to);
    }
  }

  private static void write(RunReport run, JsonGenerator to) {
    to.writeStartObject();
    to.writeNumberProperty("formatVersion", 1);
    to.writeStringProperty("project", run.project());
    to.writeStringProperty("recognised", run.recognised());
    to.writeStringProperty("verdict", run.verdict().name());
    to.writeNumberProperty("exitCode", run.verdict().exitCode());
    to.writeStringProperty("reason", run.reason());
    to.writeStringProperty("began", time(run.began()));
    seconds(to, "seconds", run.duration());
    to.writeArrayPropertyStart("steps");
    run.steps().forEach(step -> write(step, to));
    to.writeEndArray();
    write(run.tests(), to);
    to.writeArrayPropertyStart("broken");
    run.broken().forEach(test -> write(test, to));
    to.writeEndArray();
    texts(to, "files", run.files());
    to.writeArrayPropertyStart("caches");
    run.caches().forEach(use -> write(use, to));
    to.writeEndArray();
    to.writeArrayPropertyStart("network");
    run.network().forEach(attempt -> write(attempt, to));
    to.writeEndArray();
    to.writeArrayPropertyStart("findings");
    run.findings().forEach(finding -> write(finding, to));
    to.writeEndArray();
    texts(to, "problems", run.problems());
    to.writeEndObject();
  }

  private static void write(StepReport step, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("phase", step.phase().name());
    to.writeStringProperty("name", step.name());
    to.writeStringProperty("command", step.command());
    to.writeNumberProperty("exitCode", step.status().code());
    to.writeStringProperty("reason", step.status().reason().name());
    seconds(to, "begin", step.began());
    seconds(to, "seconds", step.duration());
    texts(to, "output", step.output());
    to.writeEndObject();
  }

  private static void write(TestCounts tests, JsonGenerator to) {
    to.writeObjectPropertyStart("tests");
    to.writeNumberProperty("all", tests.tests());
    to.writeNumberProperty("failures", tests.failures());
    to.writeNumberProperty("errors", tests.errors());
    to.writeNumberProperty("skipped", tests.skipped());
    to.writeEndObject();
  }

  private static void write(TestCase test, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("class", test.className());
    to.writeStringProperty("name", test.name());
    to.writeStringProperty("outcome", test.outcome().name());
    to.writeStringProperty("message", test.message());
    to.writeEndObject();
  }

  private static void write(NetworkAttempt attempt, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("verdict", attempt.verdict());
    to.writeStringProperty("destination", attempt.destination());
    to.writeNumberProperty("times", attempt.times());
    to.writeNumberProperty("bytesOut", attempt.bytesOut());
    to.writeNumberProperty("bytesIn", attempt.bytesIn());
    to.writeStringProperty("reason", attempt.reason());
    to.writeStringProperty("during", attempt.during().name());
    to.writeEndObject();
  }

  private static void write(CacheUse use, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("part", use.part().name());
    to.writeStringProperty("name", use.name());
    to.writeStringProperty("source", use.source().name());
    to.writeStringProperty("key", use.key());
    use.made().ifPresent(made -> to.writeStringProperty("made", time(made)));
    use.size().ifPresent(size -> to.writeNumberProperty("bytes", size.bytes()));
    to.writeEndObject();
  }

  private static void write(Finding finding, JsonGenerator to) {
    to.writeStartObject();
    to.writeStringProperty("tool", finding.tool());
    to.writeStringProperty("rule", finding.rule());
    to.writeStringProperty("level", finding.level().name());
    to.writeStringProperty("message", finding.message());
    if (finding.place().isPresent()) {
      to.writeStringProperty("path", finding.place().get().path());
      to.writeNumberProperty("line", finding.place().get().line());
    }
    to.writeEndObject();
  }

  private static void texts(JsonGenerator to, String name, List<String> texts) {
    to.writeArrayPropertyStart(name);
    texts.forEach(to::writeString);
    to.writeEndArray();
  }

  private static void seconds(JsonGenerator to, String name, Duration duration) {
    to.writeNumberProperty(name, duration.toMillis() / 1000.0);
  }

  private static String time(Instant time) {
    return Instant.ofEpochMilli(time.toEpochMilli()).toString();
  }
}

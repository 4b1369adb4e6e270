package dev.sandboxed.maven.report;

import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/** Writes what linters found in the form that code scanning services take: SARIF 2.1.0. */
public final class Sarif {
  /** The name of the file in the directory of the reports. */
  public static final String FILE = "findings.sarif";

  private static final String ROOT = "CHECKOUT";

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .build();

  private Sarif() {}

  /**
   * Writes findings, those of each tool as a run of its own.
   *
   * @param findings what was found
   * @param out where to; not closed
   */
  public static void write(List<Finding> findings, OutputStream out) {
    Map<String, List<Finding>> tools =
        findings.stream()
            .collect(Collectors.groupingBy(Finding::tool, LinkedHashMap::new, Collectors.toList()));
    try (var to = FACTORY.createGenerator(ObjectWriteContext.empty(), out, JsonEncoding.UTF8)) {
      to.writeStartObject();
      to.writeStringProperty("version", "2.1.0");
      to.writeArrayPropertyStart("runs");
      tools.forEach((tool, found) -> run(tool, found, to));
      to.writeEndArray();
      to.writeEndObject();
    }
  }

  private static void run(String tool, List<Finding> findings, JsonGenerator to) {
    to.writeStartObject();
    to.writeObjectPropertyStart("tool");
    to.writeObjectPropertyStart("driver");
    to.writeStringProperty("name", tool);
    to.writeEndObject();
    to.writeEndObject();
    to.writeArrayPropertyStart("results");
    findings.forEach(finding -> result(finding, to));
    to.writeEndArray();
    to.writeEndObject();
  }

  private static void result(Finding finding, JsonGenerator to) {
    to.writeStartObject();
    if (!finding.rule().isEmpty()) {
      to.writeStringProperty("ruleId", finding.rule());
    }
    to.writeStringProperty("level", finding.level().name().toLowerCase(Locale.ROOT));
    to.writeObjectPropertyStart("message");
    to.writeStringProperty("text", finding.message());
    to.writeEndObject();
    if (finding.place().isPresent()) {
      var place = finding.place().get();
      to.writeArrayPropertyStart("locations");
      to.writeStartObject();
      to.writeObjectPropertyStart("physicalLocation");
      to.writeObjectPropertyStart("artifactLocation");
      to.writeStringProperty("uri", RelativeUri.of(place.path()));
      to.writeStringProperty("uriBaseId", ROOT);
      to.writeEndObject();
      if (place.line() > 0) {
        to.writeObjectPropertyStart("region");
        to.writeNumberProperty("startLine", place.line());
        to.writeEndObject();
      }
      to.writeEndObject();
      to.writeEndObject();
      to.writeEndArray();
    }
    to.writeEndObject();
  }
}

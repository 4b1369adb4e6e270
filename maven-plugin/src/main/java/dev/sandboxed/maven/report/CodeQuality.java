package dev.sandboxed.maven.report;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/** Writes findings as GitLab shows them in merge requests: its code quality report. */
public final class CodeQuality {
  /** The name of the file in the directory of the reports. */
  public static final String FILE = "gl-code-quality-report.json";

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .build();

  private CodeQuality() {}

  /**
   * Writes the findings whose place is known; GitLab can show no others.
   *
   * @param findings what was found
   * @param out where to; not closed
   */
  public static void write(List<Finding> findings, OutputStream out) {
    var seen = new HashMap<String, Integer>();
    try (var to = FACTORY.createGenerator(ObjectWriteContext.empty(), out, JsonEncoding.UTF8)) {
      to.writeStartArray();
      for (var finding : findings) {
        finding.place().ifPresent(place -> write(finding, place, seen, to));
      }
      to.writeEndArray();
    }
  }

  private static void write(
      Finding finding, Finding.Place place, Map<String, Integer> seen, JsonGenerator to) {
    // Not by the line: what stays where it was in spite of new lines above it is nothing new.
    var same = String.join("\0", finding.tool(), finding.rule(), place.path(), finding.message());
    var count = seen.merge(same, 1, Integer::sum);
    to.writeStartObject();
    to.writeStringProperty("description", finding.message());
    to.writeStringProperty(
        "check_name",
        finding.rule().isEmpty() ? finding.tool() : finding.tool() + ": " + finding.rule());
    to.writeStringProperty("fingerprint", digest(same + "\0" + count));
    to.writeStringProperty(
        "severity",
        switch (finding.level()) {
          case ERROR -> "major";
          case WARNING -> "minor";
          case NOTE -> "info";
        });
    to.writeObjectPropertyStart("location");
    to.writeStringProperty("path", place.path());
    to.writeObjectPropertyStart("lines");
    to.writeNumberProperty("begin", Math.max(1, place.line()));
    to.writeEndObject();
    to.writeEndObject();
    to.writeEndObject();
  }

  private static String digest(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256", e);
    }
  }
}

package dev.sandboxed.maven.report;

import dev.sandboxed.ByteSize;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.report.Finding.Level;
import dev.sandboxed.maven.report.Finding.Place;
import dev.sandboxed.maven.report.NetworkAttempt.During;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads what {@link SummaryJson} has written. Thread-safe.
 *
 * <p>It may not be what was written: a checkout can bring such files. So its size is bounded, its
 * texts are made safe once more, and names and places lead nowhere outside.
 */
public final class SummaryReader {
  /** How many bytes a summary may have. */
  public static final int MAX_BYTES = 64 << 20;

  private static final int MAX_TOKENS = 2_000_000;
  private static final int MAX_DEPTH = 8;
  private static final Pattern REPORT = Pattern.compile("TEST-[A-Za-z0-9._-]{1,240}\\.xml");

  private final JsonMapper mapper =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxDocumentLength(MAX_BYTES)
                          .maxTokenCount(MAX_TOKENS)
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNameLength(100)
                          .maxNumberLength(100)
                          .build())
                  .build())
          .build();
  private final UnaryOperator<String> safe;

  /**
   * Makes a reader.
   *
   * @param safe makes a text one line that is safe to show
   */
  public SummaryReader(UnaryOperator<String> safe) {
    this.safe = safe;
  }

  /**
   * Reads a summary.
   *
   * @param in its content; not closed
   * @return what is told of the run
   * @throws InvalidReportException if it is no summary
   */
  public RunReport read(InputStream in) throws InvalidReportException {
    try {
      var node = mapper.readTree(in);
      if (node.path("formatVersion").asInt(0) != 1) {
        throw new InvalidReportException("it is no summary of the format 1");
      }
      return report(node);
    } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
      throw new InvalidReportException("it is damaged, or larger than any that is written", e);
    }
  }

  private RunReport report(JsonNode node) {
    return new RunReport(
        text(node, "project"),
        text(node, "recognised"),
        Verdict.valueOf(node.path("verdict").asString("")),
        text(node, "reason"),
        Instant.parse(node.path("began").asString("")),
        seconds(node, "seconds"),
        list(node.path("steps"), this::step),
        counts(node.path("tests")),
        list(node.path("broken"), this::test),
        list(node.path("files"), n -> n.asString("")).stream()
            .filter(name -> REPORT.matcher(name).matches())
            .toList(),
        list(node.path("caches"), this::cache),
        list(node.path("network"), this::attempt),
        list(node.path("findings"), this::finding),
        list(node.path("problems"), n -> safe.apply(n.asString(""))));
  }

  private StepReport step(JsonNode node) {
    return new StepReport(
        Phase.valueOf(node.path("phase").asString("")),
        text(node, "name"),
        text(node, "command"),
        new ExitStatus(
            node.path("exitCode").asInt(0), ExitReason.valueOf(node.path("reason").asString(""))),
        seconds(node, "begin"),
        seconds(node, "seconds"),
        list(node.path("output"), n -> safe.apply(n.asString(""))));
  }

  private static TestCounts counts(JsonNode node) {
    return new TestCounts(
        count(node, "all"), count(node, "failures"), count(node, "errors"), count(node, "skipped"));
  }

  private TestCase test(JsonNode node) {
    return new TestCase(
        text(node, "class"),
        text(node, "name"),
        0,
        Outcome.valueOf(node.path("outcome").asString("")),
        text(node, "message"),
        "");
  }

  private CacheUse cache(JsonNode node) {
    return new CacheUse(
        CacheUse.Part.valueOf(node.path("part").asString("")),
        text(node, "name"),
        Source.valueOf(node.path("source").asString("")),
        text(node, "key"),
        Optional.of(node.path("made").asString(""))
            .filter(made -> !made.isEmpty())
            .map(Instant::parse),
        Optional.of(node.path("bytes").asLong(-1)).filter(bytes -> bytes >= 0).map(ByteSize::new));
  }

  private NetworkAttempt attempt(JsonNode node) {
    return new NetworkAttempt(
        text(node, "verdict"),
        text(node, "destination"),
        Math.max(0, node.path("times").asLong(0)),
        Math.max(0, node.path("bytesOut").asLong(0)),
        Math.max(0, node.path("bytesIn").asLong(0)),
        text(node, "reason"),
        // Earlier versions knew of no others.
        During.valueOf(node.path("during").asString(During.RUN.name())));
  }

  private Finding finding(JsonNode node) {
    return new Finding(
        text(node, "tool"),
        text(node, "rule"),
        Level.valueOf(node.path("level").asString("")),
        text(node, "message"),
        Optional.of(text(node, "path"))
            .filter(SummaryReader::isInside)
            .map(path -> new Place(path, count(node, "line"))));
  }

  private static boolean isInside(String path) {
    return !path.isEmpty()
        && List.of(path.split("/", -1)).stream()
            .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
  }

  private static <T> List<T> list(JsonNode node, Function<JsonNode, T> element) {
    var list = new ArrayList<T>();
    if (node.isArray()) {
      node.forEach(n -> list.add(element.apply(n)));
    }
    return list;
  }

  private String text(JsonNode node, String name) {
    return safe.apply(node.path(name).asString(""));
  }

  private static int count(JsonNode node, String name) {
    return Math.max(0, node.path(name).asInt(0));
  }

  private static Duration seconds(JsonNode node, String name) {
    var seconds = node.path(name).asDouble(0);
    return Duration.ofMillis(seconds >= 0 && seconds <= 1e9 ? Math.round(seconds * 1000) : 0);
  }
}

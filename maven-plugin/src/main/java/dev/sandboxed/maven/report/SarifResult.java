package dev.sandboxed.maven.report;

import static dev.sandboxed.maven.report.JsonMembers.array;
import static dev.sandboxed.maven.report.JsonMembers.number;
import static dev.sandboxed.maven.report.JsonMembers.object;
import static dev.sandboxed.maven.report.JsonMembers.text;

import java.util.Map;
import java.util.Set;
import tools.jackson.core.JsonParser;

/** A result of a SARIF file, as it is written there. Not thread-safe. */
final class SarifResult {
  private static final Set<String> NOTHING_FOUND = Set.of("pass", "notApplicable");

  private String ruleId = "";
  private int ruleIndex = -1;
  private String level = "";
  private String kind = "";
  private String baseline = "";
  private String message = "";
  private String markdown = "";
  private String uri = "";
  private String base = "";
  private int artifact = -1;
  private int line;
  private boolean located;
  private boolean suppressed;

  private SarifResult() {}

  static SarifResult read(JsonParser parser) {
    var result = new SarifResult();
    object(
        parser,
        Map.of(
            "ruleId", p -> result.ruleId = text(p, SarifRun.MAX_NAME),
            "ruleIndex", p -> result.ruleIndex = number(p),
            "rule", result::readRule,
            "level", p -> result.level = text(p, SarifRun.MAX_NAME),
            "kind", p -> result.kind = text(p, SarifRun.MAX_NAME),
            "baselineState", p -> result.baseline = text(p, SarifRun.MAX_NAME),
            "message", result::readMessage,
            "locations", p -> array(p, result::readLocation),
            "suppressions", p -> array(p, result::readSuppression)));
    return result;
  }

  private void readRule(JsonParser parser) {
    object(
        parser,
        Map.of(
            "id",
            p -> ruleId = ruleId.isEmpty() ? text(p, SarifRun.MAX_NAME) : skipped(p, ruleId),
            "index",
            p -> ruleIndex = number(p)));
  }

  private static String skipped(JsonParser parser, String instead) {
    parser.skipChildren();
    return instead;
  }

  private void readMessage(JsonParser parser) {
    object(
        parser,
        Map.of(
            "text", p -> message = text(p, SarifRun.MAX_MESSAGE),
            "markdown", p -> markdown = text(p, SarifRun.MAX_MESSAGE)));
  }

  /** The first location is the one to show. */
  private void readLocation(JsonParser parser) {
    if (located) {
      parser.skipChildren();
      return;
    }
    located = true;
    object(
        parser,
        Map.of(
            "physicalLocation",
            physical ->
                object(
                    physical,
                    Map.of(
                        "artifactLocation",
                        file ->
                            object(
                                file,
                                Map.of(
                                    "uri", p -> uri = text(p, SarifRun.MAX_URI),
                                    "uriBaseId", p -> base = text(p, SarifRun.MAX_NAME),
                                    "index", p -> artifact = number(p))),
                        "region",
                        region ->
                            object(
                                region,
                                Map.of("startLine", p -> line = Math.max(0, number(p))))))));
  }

  private void readSuppression(JsonParser parser) {
    suppressed = true;
    parser.skipChildren();
  }

  /** Returns whether something was found that nobody has said to be accepted or gone. */
  boolean counts() {
    return !suppressed && !baseline.equals("absent") && !NOTHING_FOUND.contains(kind);
  }

  String ruleId() {
    return ruleId;
  }

  int ruleIndex() {
    return ruleIndex;
  }

  /** Returns the level; empty if the rule says it. */
  String level() {
    return level;
  }

  String message() {
    return message.isEmpty() ? markdown : message;
  }

  String uri() {
    return uri;
  }

  String base() {
    return base;
  }

  int artifact() {
    return artifact;
  }

  int line() {
    return line;
  }
}

package dev.sandboxed.maven.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.maven.report.Finding.Level;
import dev.sandboxed.maven.report.Finding.Place;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SARIF files that come out of a sandbox. */
class SarifReaderTest {

  @Test
  void reads_what_ruff_writes() throws Exception {
    assertThat(
            read(
                """
                {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
                 "runs": [{"results": [
                   {"level": "error", "ruleId": "F401", "message": {"text": "`os` imported but unused"},
                    "fixes": [{"artifactChanges": [{"artifactLocation": {"uri": "x"}}]}],
                    "locations": [{"physicalLocation": {
                      "artifactLocation": {"uri": "file:///work/module/a%20b.py"},
                      "region": {"startLine": 3, "startColumn": 8, "endLine": 3}}}]}],
                  "tool": {"driver": {"name": "ruff", "rules": [
                    {"id": "F401", "help": {"text": "x"}, "properties": {"kind": "y"}}]}}}]}
                """))
        .containsExactly(
            finding("ruff", "F401", Level.ERROR, "`os` imported but unused", "module/a b.py", 3));
  }

  @Test
  void takes_levels_rules_and_files_from_the_tables_of_a_run() throws Exception {
    assertThat(
            run(
                """
                "artifacts": [{"location": {"uri": "src/A.java", "uriBaseId": "ROOT"}}],
                "originalUriBaseIds": {"ROOT": {"uri": "file:///work/other/"}},
                "results": [
                  {"ruleIndex": 1, "message": {"markdown": "*one*"},
                   "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}}}]},
                  {"rule": {"id": "A"}, "message": {"text": "two"}},
                  {"ruleId": "none", "message": {"text": "three"}},
                  {"ruleId": "A", "level": "error", "kind": "open", "message": {}}],
                "tool": {"driver": {"name": "check", "rules": [
                  {"id": "A", "defaultConfiguration": {"level": "note"}},
                  {"id": "B", "defaultConfiguration": {"level": "error"}}]}}
                """))
        .containsExactly(
            finding("check", "B", Level.ERROR, "*one*", "other/src/A.java", 0),
            new Finding("check", "A", Level.NOTE, "two", Optional.empty()),
            new Finding("check", "none", Level.WARNING, "three", Optional.empty()),
            new Finding("check", "A", Level.ERROR, "", Optional.empty()));
  }

  @Test
  void leaves_out_what_is_accepted_gone_or_no_finding() throws Exception {
    assertThat(
            run(
                """
                "results": [
                  {"ruleId": "a", "suppressions": [{"kind": "inSource"}]},
                  {"ruleId": "b", "baselineState": "absent"},
                  {"ruleId": "c", "kind": "pass"},
                  {"ruleId": "d", "suppressions": [], "baselineState": "new", "kind": "fail"}]
                """))
        .extracting(Finding::rule)
        .containsExactly("d");
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      value = {
        "src/a.py, module/src/a.py",
        "src/a b.py, module/src/a b.py",
        "../a.py, a.py",
        "/work/a.py, a.py",
        "file:/work/a.py, a.py",
        "file://localhost/work/a.py, a.py",
        "a%3A1.py, module/a:1.py",
        "../../etc/passwd, none",
        "%2e%2e/%2e%2e/etc/passwd, none",
        "/etc/passwd, none",
        "file:///etc/passwd, none",
        "file://server/work/a.py, none",
        "https://example.org/work/a.py, none",
        "jar:file:/work/a.jar!/a, none",
        "a\\u0000b, none",
        "%00, none",
        "., module",
        "/work, none",
        "'', none",
      })
  void confines_places_to_the_checkout(String uri, String path) throws Exception {
    assertThat(
            run(
                """
                "results": [{"locations": [{"physicalLocation": {"artifactLocation": {"uri": "%s"}}},
                  {"physicalLocation": {"artifactLocation": {"uri": "second.py"}}}]}]
                """
                    .formatted(uri)))
        .singleElement()
        .satisfies(
            f -> assertThat(f.place().map(Place::path)).isEqualTo(Optional.ofNullable(path)));
  }

  @Test
  void passes_over_what_is_of_another_type() throws Exception {
    assertThat(
            run(
                """
                "artifacts": 1, "originalUriBaseIds": [[]], "tool": {"driver": ["x"]},
                "results": [1, [], {"ruleId": ["a"], "ruleIndex": 1e99, "level": 7, "rule": "x",
                  "message": ["x"], "suppressions": {}, "locations": [[], {"physicalLocation": 1}]},
                  {"ruleIndex": -5, "message": {"text": "x"}, "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": "a", "index": 99999999999999999999},
                    "region": {"startLine": -3}}}]}]
                """))
        .hasSize(4)
        .contains(finding("SARIF", "", Level.WARNING, "x", "module/a", 0));
  }

  @Test
  void makes_all_texts_safe_and_short() throws Exception {
    var findings =
        run(
            """
            "tool": {"driver": {"name": "tests"}},
            "results": [{"ruleId": "r\\u001b", "message": {"text": "%s\\u001b[2J"},
              "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a%%1b.py"}}}]}]
            """
                .formatted("x".repeat(10_000)));
    assertThat(findings)
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.isTest()).isFalse();
              assertThat(f.rule()).isEqualTo("r?");
              assertThat(f.message()).hasSizeLessThan(510).doesNotContain("\u001b");
              assertThat(f.place()).map(Place::path).hasValue("module/a?.py");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{} {}",
        "{}",
        "{\"version\": \"2.1.0\"}",
        "{\"version\": \"2.0.0\", \"runs\": []}",
        "{\"version\": \"2.1.0\", \"runs\": {}}",
        "{\"version\": \"2.1.0\", \"runs\": [{\"results\": [}",
        "<sarif/>",
      })
  void refuses_what_is_no_such_file(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(InvalidReportException.class)
        .hasMessageNotContaining("sarif/");
  }

  @Test
  void floods_stay_bounded() throws Exception {
    var results = "{},".repeat(50_000) + "{}";
    assertThat(run("\"results\": [" + results + "]")).hasSize(LintOutput.MAX_FINDINGS);
    var runs = "{\"results\": [{}]},".repeat(500) + "{}";
    assertThat(read("{\"version\": \"2.1.0\", \"runs\": [" + runs + "]}")).hasSize(50);
    var rules = "{\"id\": \"a\"},".repeat(50_000) + "{}";
    assertThat(run("\"tool\": {\"driver\": {\"rules\": [" + rules + "]}}, \"results\": [{}]"))
        .hasSize(1);
    assertThatThrownBy(() -> run("\"results\": " + "[".repeat(10_000)))
        .isInstanceOf(InvalidReportException.class);
    assertThatThrownBy(() -> run("\"" + "x".repeat(100_000) + "\": 1"))
        .isInstanceOf(InvalidReportException.class);
  }

  private static List<Finding> run(String members) throws Exception {
    return read("{\"runs\": [{" + members + "}], \"version\": \"2.1.0\"}");
  }

  private static List<Finding> read(String text) throws Exception {
    return new SarifReader(Path.of("/work"), Path.of("/work/module"), t -> t.replace('\u001b', '?'))
        .read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static Finding finding(
      String tool, String rule, Level level, String message, String path, int line) {
    return new Finding(tool, rule, level, message, Optional.of(new Place(path, line)));
  }
}

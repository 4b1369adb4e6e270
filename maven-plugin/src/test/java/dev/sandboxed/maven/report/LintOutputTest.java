package dev.sandboxed.maven.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.maven.report.Finding.Level;
import dev.sandboxed.maven.report.Finding.Place;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** What linters print, read and written as SARIF. */
class LintOutputTest {

  @Test
  void reads_lines_of_flake8_and_of_ruff_in_its_concise_format() {
    assertThat(
            read(
                "a/b.py:3:1: F401 'os' imported but unused",
                "./c.py:10:80: E501 [*] Line too long",
                "Found 2 errors."))
        .containsExactly(
            finding("F401", Level.ERROR, "'os' imported but unused", "module/a/b.py", 3),
            finding("E501", Level.ERROR, "Line too long", "module/c.py", 10));
  }

  @Test
  void reads_the_arrows_of_ruff_and_of_clippy() {
    assertThat(
            read(
                "F401 [*] `os` imported but unused",
                " --> a.py:1:8",
                "  |",
                "warning: unused variable: `x`",
                "  --> src/lib.rs:2:9",
                "error[E0308]: mismatched types",
                " --> src/main.rs:4:5"))
        .containsExactly(
            finding("F401", Level.ERROR, "`os` imported but unused", "module/a.py", 1),
            finding("", Level.WARNING, "unused variable: `x`", "module/src/lib.rs", 2),
            finding("E0308", Level.ERROR, "mismatched types", "module/src/main.rs", 4));
  }

  @Test
  void reads_mypy_golangci_lint_and_go_vet() {
    assertThat(
            read(
                "a.py:3: error: Name \"x\" is not defined  [name-defined]",
                "a.py:4: note: See here",
                "main.go:7:2: Error return value is not checked (errcheck)",
                "# example.com/m",
                "vet: ./main.go:9:1: missing return"))
        .containsExactly(
            finding("name-defined", Level.ERROR, "Name \"x\" is not defined", "module/a.py", 3),
            finding("", Level.NOTE, "See here", "module/a.py", 4),
            finding(
                "errcheck", Level.ERROR, "Error return value is not checked", "module/main.go", 7),
            finding("", Level.ERROR, "missing return", "module/main.go", 9));
  }

  @Test
  void reads_the_lists_of_eslint() {
    assertThat(
            read(
                "/work/module/src/a.js",
                "  1:5   error    'x' is assigned a value but never used  no-unused-vars",
                "  2:1   warning  Unexpected console statement",
                "",
                "/elsewhere/b.js",
                "  1:5   error    x  y/z"))
        .containsExactly(
            finding(
                "no-unused-vars",
                Level.ERROR,
                "'x' is assigned a value but never used",
                "module/src/a.js",
                1),
            finding("", Level.WARNING, "Unexpected console statement", "module/src/a.js", 2));
  }

  @Test
  void places_outside_of_the_checkout_and_other_lines_are_passed_over() {
    assertThat(
            read(
                "../../etc/passwd.x:1:1: X1 no",
                "/etc/hosts.x:1: error: no",
                "All checks passed!",
                "12:30:01: started",
                "https://example.org:1:2: x",
                " --> nowhere",
                "a.py:99999999: error: no"))
        .isEmpty();
  }

  @Test
  void a_flood_is_bounded_and_read_soon() {
    var output = reader();
    for (var i = 0; i < 5_000; i++) {
      output.accept("a.py:" + i + ": error: " + " x".repeat(900));
    }
    output.accept("x".repeat(100_000));
    assertThat(output.findings())
        .hasSize(LintOutput.MAX_FINDINGS)
        .allMatch(f -> f.message().length() < 600);
  }

  @Test
  void findings_become_a_run_of_each_tool() {
    var out = new ByteArrayOutputStream();
    Sarif.write(
        List.of(
            finding("F401", Level.ERROR, "</script>\u00e9", "a b/\u00e4:1.py", 3),
            new Finding("mypy", "", Level.NOTE, "whole", Optional.empty())),
        out);
    var text = out.toString(StandardCharsets.UTF_8);
    assertThat(text).matches("[ -~]+");
    var sarif = JsonMapper.shared().readTree(text);
    assertThat(sarif.get("version").stringValue()).isEqualTo("2.1.0");
    assertThat(sarif.at("/runs/0/tool/driver/name").stringValue()).isEqualTo("linter");
    var result = sarif.at("/runs/0/results/0");
    assertThat(result.get("ruleId").stringValue()).isEqualTo("F401");
    assertThat(result.get("level").stringValue()).isEqualTo("error");
    assertThat(result.at("/message/text").stringValue()).isEqualTo("</script>\u00e9");
    var place = result.at("/locations/0/physicalLocation");
    assertThat(place.at("/artifactLocation/uri").stringValue()).isEqualTo("./a%20b/%C3%A4:1.py");
    assertThat(place.at("/region/startLine").intValue()).isEqualTo(3);
    assertThat(sarif.at("/runs/1/tool/driver/name").stringValue()).isEqualTo("mypy");
    assertThat(sarif.at("/runs/1/results/0").has("locations")).isFalse();
    assertThat(sarif.at("/runs/1/results/0").has("ruleId")).isFalse();
  }

  private static List<Finding> read(String... lines) {
    var output = reader();
    List.of(lines).forEach(output::accept);
    return output.findings();
  }

  private static LintOutput reader() {
    return new LintOutput("linter", Path.of("/work"), Path.of("/work/module"));
  }

  private static Finding finding(String rule, Level level, String message, String path, int line) {
    return new Finding("linter", rule, level, message, Optional.of(new Place(path, line)));
  }
}

package dev.sandboxed.realinput;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads results in what test runners print. */
final class TestOutput {
  private static final Pattern CARGO =
      Pattern.compile("^test (.+) \\.\\.\\. (ok|FAILED|ignored(?:, .*)?)$");
  private static final Pattern TAP =
      Pattern.compile("^\\s*(not )?ok \\d+(?: -)? (.*?)( # (?:SKIP|TODO|skip|todo)\\b.*)?$");
  private static final Pattern UNITTEST =
      Pattern.compile(
          "(?m)^(\\w+) \\((\\S+)\\)(?:\\n.+?)?? \\.\\.\\. (ok|FAIL|ERROR|skipped .*"
              + "|expected failure)$");
  private static final String SHOWN = "[INFO] | ";

  private TestOutput() {}

  /** Returns what was printed in the sandbox, of what Maven printed. */
  static String insideOf(String output) {
    return output
        .lines()
        .filter(line -> line.startsWith(SHOWN))
        .map(line -> line.substring(SHOWN.length()))
        .collect(Collectors.joining("\n"));
  }

  /** Reads what {@code go test -json} prints. */
  static Results ofGo(String output) {
    var results = new Results();
    output
        .lines()
        .filter(line -> line.startsWith("{"))
        .map(line -> JsonMapper.shared().readTree(line))
        .filter(event -> event.has("Test"))
        .forEach(
            event ->
                goOutcome(event)
                    .ifPresent(
                        outcome ->
                            results.add(
                                event.path("Package").asString()
                                    + " "
                                    + event.path("Test").asString(),
                                outcome)));
    return results;
  }

  private static Optional<String> goOutcome(JsonNode event) {
    return switch (event.path("Action").asString()) {
      case "pass" -> Optional.of("passed");
      case "fail" -> Optional.of("failure");
      case "skip" -> Optional.of("skipped");
      default -> Optional.empty();
    };
  }

  /** Reads what {@code cargo test} prints. */
  static Results ofCargo(String output) {
    var results = new Results();
    output
        .lines()
        .map(CARGO::matcher)
        .filter(Matcher::matches)
        .forEach(
            line ->
                results.add(
                    line.group(1),
                    switch (line.group(2)) {
                      case "ok" -> "passed";
                      case "FAILED" -> "failure";
                      default -> "skipped";
                    }));
    return results;
  }

  /** Reads lines of the Test Anything Protocol, each under the last comment before it. */
  static Results ofTap(String output) {
    var results = new Results();
    var comment = "";
    for (var line : output.lines().toList()) {
      var result = TAP.matcher(line);
      if (result.matches()) {
        results.add(
            comment + ": " + result.group(2),
            result.group(3) != null ? "skipped" : result.group(1) == null ? "passed" : "failure");
      } else if (line.startsWith("# ")) {
        comment = line.substring(2);
      }
    }
    return results;
  }

  /** Reads what {@code python -m unittest -v} prints. */
  static Results ofUnittest(String output) {
    var results = new Results();
    var lines = UNITTEST.matcher(output);
    while (lines.find()) {
      var id = lines.group(2);
      var name = lines.group(1);
      var className = id.endsWith("." + name) ? id.substring(0, id.lastIndexOf('.')) : id;
      results.add(
          className + " " + name,
          switch (lines.group(3)) {
            case "ok" -> "passed";
            case "FAIL" -> "failure";
            case "ERROR" -> "error";
            default -> "skipped";
          });
    }
    return results;
  }
}

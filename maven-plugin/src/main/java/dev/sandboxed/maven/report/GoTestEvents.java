package dev.sandboxed.maven.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * Turns the events of {@code go test -json} into suites, and into the lines that {@code go test}
 * shows without it. Thread-safe.
 *
 * <p>The events are hostile: lines that are none are shown as they are, and the number of tests and
 * the output kept of each are bounded.
 */
public final class GoTestEvents {
  static final int MAX_TESTS = 200_000;
  static final int MAX_NAME = 2_000;
  static final int MAX_OUTPUT = 32 * 1024;
  static final int MAX_KEPT_OUTPUT = 64 * 1024 * 1024;

  private final JsonFactory json =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxNameLength(1_000)
                  .maxNumberLength(100)
                  .maxStringLength(2 * 1024 * 1024)
                  .build())
          .build();
  private final Map<String, Map<String, Test>> packages = new LinkedHashMap<>();
  private int tests;
  private long kept;

  /** Makes a converter that has seen nothing. */
  public GoTestEvents() {}

  /**
   * Takes a line of the output.
   *
   * @param line the line, without its end
   * @return the lines to show for it
   */
  public synchronized List<String> accept(String line) {
    if (!line.startsWith("{")) {
      return List.of(line);
    }
    var event = parse(line);
    var action = event.getOrDefault("Action", "");
    var output = event.getOrDefault("Output", "").stripTrailing();
    var packageName = name(event.getOrDefault("Package", ""));
    if (action.isEmpty()) {
      return List.of(line);
    }
    if (packageName.isEmpty()) {
      // What the compiler says comes with an import path and belongs to no test.
      return output.isEmpty() ? List.of() : output.lines().toList();
    }
    var test = test(packageName, name(event.getOrDefault("Test", "")));
    if (test == null) {
      return List.of();
    }
    return accept(action, output, event.getOrDefault("Elapsed", ""), test);
  }

  private List<String> accept(String action, String output, String elapsed, Test test) {
    switch (action) {
      case "output" -> {
        keep(test, output);
        return test.name.isEmpty() ? output.lines().toList() : List.of();
      }
      case "pass" -> test.end(Outcome.PASSED, elapsed);
      case "skip" -> test.end(Outcome.SKIPPED, elapsed);
      case "fail" -> {
        test.end(Outcome.FAILED, elapsed);
        return test.name.isEmpty() ? List.of() : test.output.toString().lines().toList();
      }
      default -> {}
    }
    return List.of();
  }

  private static String name(String text) {
    return text.length() <= MAX_NAME ? text : text.substring(0, MAX_NAME);
  }

  private void keep(Test test, String output) {
    if (output.startsWith("=== ") || output.isEmpty()) {
      return;
    }
    var length = Math.min(output.length(), MAX_OUTPUT - test.output.length());
    if (length > 0 && kept + length <= MAX_KEPT_OUTPUT) {
      test.output.append(output, 0, length).append('\n');
      kept += length;
    }
  }

  private @Nullable Test test(String packageName, String name) {
    var known = packages.get(packageName);
    var found = known == null ? null : known.get(name);
    if (found != null || tests >= MAX_TESTS) {
      return found;
    }
    tests++;
    return packages
        .computeIfAbsent(packageName, p -> new LinkedHashMap<>())
        .computeIfAbsent(name, Test::new);
  }

  /**
   * Returns the results so far: a suite for each package that had something to report.
   *
   * <p>A test that never ended failed, and a package that failed with no test failing is a broken
   * test itself: it did not build, or its process ended early.
   *
   * @return the suites
   */
  public synchronized List<TestSuite> suites() {
    var suites = new ArrayList<TestSuite>();
    packages.forEach(
        (packageName, tests) -> {
          var cases = new ArrayList<TestCase>();
          tests.values().stream()
              .filter(t -> !t.name.isEmpty())
              .map(t -> t.result(packageName))
              .forEach(cases::add);
          var whole = tests.get("");
          if (whole != null
              && whole.outcome == Outcome.FAILED
              && cases.stream().noneMatch(c -> c.outcome() == Outcome.FAILED)) {
            cases.add(
                new TestCase(
                    packageName,
                    "[package]",
                    whole.seconds,
                    Outcome.ERROR,
                    "The package failed outside of its tests",
                    whole.output.toString()));
          }
          if (!cases.isEmpty()) {
            suites.add(new TestSuite(packageName, cases));
          }
        });
    return suites;
  }

  /** Reads the fields of an event; none if it is not a plain JSON object. */
  private Map<String, String> parse(String line) {
    var fields = new LinkedHashMap<String, String>();
    try (var parser = json.createParser(ObjectReadContext.empty(), line)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var name = parser.currentName();
        var value = parser.nextToken();
        if (value == null || value.isStructStart() || fields.size() >= 32) {
          return Map.of();
        }
        fields.put(name, parser.getString());
      }
      return fields;
    } catch (JacksonException e) {
      return Map.of();
    }
  }

  /** What is known of one test, or of a package as a whole. */
  private static final class Test {
    private final String name;
    private final StringBuilder output = new StringBuilder();
    private Outcome outcome = Outcome.ERROR;
    private boolean ended;
    private double seconds;

    Test(String name) {
      this.name = name;
    }

    void end(Outcome how, String elapsed) {
      outcome = how;
      ended = true;
      try {
        seconds = Double.parseDouble(elapsed);
      } catch (NumberFormatException e) {
        seconds = 0;
      }
    }

    TestCase result(String packageName) {
      var message =
          outcome == Outcome.PASSED
              ? ""
              : !ended
                  ? "The test did not finish"
                  : output.toString().lines().map(String::strip).findFirst().orElse("");
      var how = ended ? outcome : Outcome.FAILED;
      return new TestCase(
          packageName, name, seconds, how, message, how == Outcome.PASSED ? "" : output.toString());
    }
  }
}

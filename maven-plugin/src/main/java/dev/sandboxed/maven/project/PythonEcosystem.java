package dev.sandboxed.maven.project;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Projects with Python's project files, or with Python tests. Runs pytest if it is there. */
final class PythonEcosystem implements Ecosystem {
  private static final String REPORT = Layout.SCRATCH + "/reports/python.xml";
  private static final String UNITTEST = Layout.SCRATCH + "/unittest_junit.py";
  private static final String TEST_FILE = "test.*\\.py|.*_test\\.py";

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return evidence(checkout)
        .map(e -> new Recognition("Python", e, List.of(), inside -> plan(checkout, inside)));
  }

  private static Optional<String> evidence(Checkout checkout) {
    var file = checkout.firstFile("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini");
    if (file.isPresent()) {
      return file;
    }
    if (checkout.hasFileLike("tests", TEST_FILE)) {
      return Optional.of("tests");
    }
    return checkout.hasFileLike(".", "test_.*\\.py") ? Optional.of("test_*.py") : Optional.empty();
  }

  private static TestPlan plan(Checkout checkout, Inside inside) {
    var env = new LinkedHashMap<String, String>();
    if (checkout.hasDirectory("src")) {
      env.put("PYTHONPATH", Layout.CHECKOUT + "/src");
    }
    var python = python(checkout, inside);
    var step =
        inside.succeeds(List.of(python, "-c", "import pytest"), env)
            ? Step.of(python, "-m", "pytest", "--junitxml=" + REPORT, "-o", "junit_family=xunit2")
            : unittest(python, checkout, inside);
    return new TestPlan(List.of(step), env, new ReportSource.File(REPORT));
  }

  /** Prefers the project's own virtual environment, if it works inside. */
  private static String python(Checkout checkout, Inside inside) {
    for (var name : List.of(".venv/bin/python", "venv/bin/python")) {
      var path = Layout.CHECKOUT + "/" + name;
      if (checkout.has(name) && inside.succeeds(List.of(path, "-c", ""), Map.of())) {
        return path;
      }
    }
    return "python3";
  }

  private static Step unittest(String python, Checkout checkout, Inside inside) {
    inside.write(UNITTEST, resource("unittest_junit.py"));
    var command = new ArrayList<>(List.of(python, UNITTEST, REPORT));
    if (checkout.hasDirectory("tests")) {
      command.add("tests");
      if (checkout.hasFile("tests/__init__.py")) {
        command.add(".");
      }
    }
    return new Step(command, Map.of(), Step.OutputFormat.TEXT);
  }

  private static String resource(String name) {
    try (var in = Objects.requireNonNull(PythonEcosystem.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

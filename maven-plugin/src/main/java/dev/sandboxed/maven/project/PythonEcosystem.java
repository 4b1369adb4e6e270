package dev.sandboxed.maven.project;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Projects with Python's project files, or with Python tests. Runs pytest if it is there. */
final class PythonEcosystem implements Ecosystem {
  private static final String REPORT = Layout.SCRATCH + "/reports/python.xml";
  private static final String UNITTEST = Layout.SCRATCH + "/unittest_junit.py";
  private static final String TEST_FILE = "test.*\\.py|.*_test\\.py";
  private final HostCaches caches;

  PythonEcosystem(HostCaches caches) {
    this.caches = caches;
  }

  @Override
  public Optional<Recognition> recognise(Checkout checkout) {
    return evidence(checkout)
        .map(
            e ->
                new Recognition(
                    "Python",
                    e,
                    PythonInstallation.keyFiles(checkout),
                    caches.python(),
                    inside -> plan(checkout, inside)));
  }

  private static Optional<String> evidence(Checkout checkout) {
    var file = checkout.firstFile(PyProject.NAME, "setup.py", "setup.cfg", "pytest.ini");
    if (file.isPresent()) {
      return file;
    }
    if (checkout.hasFileLike("tests", TEST_FILE)) {
      return Optional.of("tests");
    }
    return checkout.hasFileLike(".", "test_.*\\.py") ? Optional.of("test_*.py") : Optional.empty();
  }

  private static TestPlan plan(Checkout checkout, Inside inside) {
    var sources = new LinkedHashMap<String, String>();
    var directories = new ArrayList<String>();
    if (checkout.hasDirectory("src")) {
      directories.add("src");
    }
    directories.addAll(PythonLock.sources(checkout));
    // A colon would part one of somebody hostile in two.
    directories.removeIf(directory -> directory.contains(":"));
    if (!directories.isEmpty()) {
      sources.put(
          "PYTHONPATH",
          directories.stream()
              .map(directory -> Layout.CHECKOUT + "/" + checkout.inRoot(Path.of(directory)))
              .collect(Collectors.joining(":")));
    }
    var steps = new ArrayList<Step>();
    var env = new LinkedHashMap<>(sources);
    var there = environment(checkout, inside);
    var installation =
        there.isPresent()
            ? Optional.<PythonInstallation>empty()
            : PythonInstallation.plan(checkout, inside);
    installation.ifPresent(
        i -> {
          steps.addAll(i.steps());
          env.putAll(i.env());
        });
    var python =
        there.orElseGet(() -> installation.isPresent() ? PythonInstallation.PYTHON : "python3");
    var hasPytest =
        installation
            .map(i -> i.packages().contains("pytest"))
            .orElseGet(() -> inside.succeeds(List.of(python, "-c", "import pytest"), sources));
    steps.add(
        hasPytest
            ? Step.of(
                Phase.TEST,
                "pytest",
                python,
                "-m",
                "pytest",
                "--junitxml=" + REPORT,
                "-o",
                "junit_family=xunit2")
            : unittest(python, checkout, inside));
    var linters =
        new PythonLinters(
                checkout,
                PyProject.read(checkout).tools(),
                python,
                installation.map(PythonInstallation::packages).orElse(Set.of()),
                inside)
            .find();
    steps.addAll(linters.steps());
    return new TestPlan(steps, env, new ReportSource.File(REPORT), linters.notes());
  }

  /**
   * Returns the Python of a virtual environment that works inside: what was installed before, or
   * else the project's own.
   */
  private static Optional<String> environment(Checkout checkout, Inside inside) {
    if (works(PythonInstallation.PYTHON, inside)) {
      return Optional.of(PythonInstallation.PYTHON);
    }
    return List.of(".venv/bin/python", "venv/bin/python").stream()
        .filter(checkout::has)
        .map(name -> Layout.CHECKOUT + "/" + name)
        .filter(path -> works(path, inside))
        .findFirst();
  }

  private static boolean works(String python, Inside inside) {
    return inside.succeeds(List.of(python, "-c", ""), Map.of());
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
    return Step.of(Phase.TEST, "unittest", command);
  }

  private static String resource(String name) {
    try (var in = Objects.requireNonNull(PythonEcosystem.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

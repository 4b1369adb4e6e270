package dev.sandboxed.realinput;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A source distribution of Python.
 *
 * @param way how its tests are run
 */
record PythonSuite(String packageName, String version, Way way) implements Suite {
  /** A version, so that the quick suites depend on no release of tomorrow. */
  private static final String PYTEST = "pytest==8.3.4";

  private static final String BESIDE = ".pytest";

  /** How tests are run. */
  enum Way {
    /** By a pytest that lies in the checkout. */
    PYTEST_BESIDE,
    /** By unittest. */
    UNITTEST
  }

  @Override
  public String ecosystem() {
    return "Python";
  }

  @Override
  public List<String> env() {
    return way == Way.PYTEST_BESIDE ? List.of("PYTHONPATH=/work/" + BESIDE) : List.of();
  }

  @Override
  public void fetch(Upstream upstream) throws IOException, InterruptedException {
    python(
            upstream.directory(),
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--no-binary=" + packageName,
            packageName + "==" + version)
        .check();
    unpack(upstream, ".tar.gz");
    if (way == Way.PYTEST_BESIDE) {
      python(upstream.checkout(), "-m", "pip", "install", "--target", BESIDE, PYTEST).check();
    }
  }

  /** Unpacks the one archive that was downloaded. */
  static void unpack(Upstream upstream, String ending) throws IOException, InterruptedException {
    try (var files = Files.list(upstream.directory())) {
      var archives = files.filter(file -> file.toString().endsWith(ending)).toList();
      assertThat(archives).hasSize(1);
      Command.of(upstream.checkout(), "tar", "--strip-components=1", "-xzf")
          .with(archives.get(0).toString())
          .check();
    }
  }

  @Override
  public HostRun runOnHost(Upstream upstream, Path copy) throws IOException, InterruptedException {
    return switch (way) {
      case PYTEST_BESIDE ->
          pytest(python(copy, "-m", "pytest").env("PYTHONPATH", BESIDE), upstream);
      case UNITTEST -> {
        var tests =
            python(copy, "-W", "ignore", "-m", "unittest", "discover", "-v", "-s", "tests")
                .with("-t", ".")
                .run();
        yield new HostRun(0, tests, TestOutput.ofUnittest(tests.output()));
      }
    };
  }

  private static HostRun pytest(Command command, Upstream upstream)
      throws IOException, InterruptedException {
    var report = upstream.directory().resolve("host.xml");
    var tests = command.with("--junitxml=" + report, "-o", "junit_family=xunit2").run();
    return new HostRun(0, tests, Results.ofJunitXml(report));
  }

  private static Command python(Path where, String... arguments) {
    return Upstream.system(where, "python3", arguments);
  }
}

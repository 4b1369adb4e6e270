package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A package of npm that has its tests in it.
 *
 * @param form how its results are told
 */
record NodeSuite(String packageName, String version, Form form) implements Suite {
  /** How results are told. */
  enum Form {
    /** By Node's own runner, which is given a reporter on both sides. */
    NODE,
    /** By lines of the Test Anything Protocol. */
    TAP
  }

  @Override
  public String ecosystem() {
    return "npm";
  }

  @Override
  public void fetch(Upstream upstream) throws IOException, InterruptedException {
    npm(upstream.directory(), "pack", "--silent", packageName + "@" + version).check();
    PythonSuite.unpack(upstream, ".tgz");
  }

  @Override
  public HostRun runOnHost(Upstream upstream, Path copy) throws IOException, InterruptedException {
    var installing =
        npm(copy, "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund")
            .run();
    if (form == Form.TAP) {
      var tests = npm(copy, "test").run();
      return new HostRun(installing.seconds(), tests, TestOutput.ofTap(tests.output()));
    }
    var report = upstream.directory().resolve("host.xml");
    var tests =
        npm(copy, "test")
            .env(
                "NODE_OPTIONS",
                "--test-reporter=spec --test-reporter-destination=stdout"
                    + " --test-reporter=junit --test-reporter-destination="
                    + report)
            .run();
    Files.writeString(upstream.directory().resolve("host.log"), tests.output());
    return new HostRun(installing.seconds(), tests, Results.ofJunitXml(report));
  }

  @Override
  public Results inside(Path reports, String output) throws IOException {
    return form == Form.TAP
        ? TestOutput.ofTap(TestOutput.insideOf(output))
        : Results.ofJunitXml(reports);
  }

  private static Command npm(Path where, String... arguments) {
    return Upstream.system(where, "npm", arguments);
  }
}

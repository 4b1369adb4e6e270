package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Path;

/** A package of npm that has its tests in it, and tells results by the Test Anything Protocol. */
record NodeSuite(String packageName, String version) implements Suite {

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
    var tests = npm(copy, "test").run();
    return new HostRun(installing.seconds(), tests, TestOutput.ofTap(tests.output()));
  }

  @Override
  public Results inside(Path reports, String output) {
    return TestOutput.ofTap(TestOutput.insideOf(output));
  }

  private static Command npm(Path where, String... arguments) {
    return Upstream.system(where, "npm", arguments);
  }
}

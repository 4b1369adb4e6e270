package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;

/** A module of Go, as its proxies have it. */
record GoSuite(String module, String version) implements Suite {

  @Override
  public String ecosystem() {
    return "Go";
  }

  @Override
  public void fetch(Upstream upstream) throws IOException, InterruptedException {
    var downloaded =
        go(upstream.directory(), "mod", "download", "-json", module + "@" + version).check();
    var directory = JsonMapper.shared().readTree(downloaded).path("Dir").asString();
    Upstream.copyTree(Path.of(directory), upstream.checkout());
  }

  @Override
  public HostRun runOnHost(Upstream upstream, Path copy) throws IOException, InterruptedException {
    var installing = go(copy, "mod", "download").run();
    var tests = go(copy, "test", "-json", "-count=1", "./...").run();
    Files.writeString(upstream.directory().resolve("host.json"), tests.output());
    return new HostRun(installing.seconds(), tests, TestOutput.ofGo(tests.output()));
  }

  private static Command go(Path where, String... arguments) {
    return Command.of(where, System.getProperty("real.go", "go"))
        .with(arguments)
        .env("GOFLAGS", "-buildvcs=false");
  }
}

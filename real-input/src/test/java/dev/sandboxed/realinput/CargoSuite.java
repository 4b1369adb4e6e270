package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;

/** A crate; Cargo writes no reports, so what it prints is compared. */
record CargoSuite(String crate, String version) implements Suite {

  @Override
  public String ecosystem() {
    return "Cargo";
  }

  /** Lets Cargo download it as what another package depends on. */
  @Override
  public void fetch(Upstream upstream) throws IOException, InterruptedException {
    var asking = Files.createDirectories(upstream.directory().resolve("asking"));
    Files.createDirectories(asking.resolve("src"));
    Files.writeString(asking.resolve("src/lib.rs"), "");
    Files.writeString(
        asking.resolve("Cargo.toml"),
        """
        [package]
        name = "asking"
        version = "0.0.0"
        edition = "2021"

        [dependencies]
        %s = "=%s"
        """
            .formatted(crate, version));
    cargo(asking, "fetch").check();
    var metadata = cargo(asking, "metadata", "--format-version=1", "--offline").check();
    for (var found : JsonMapper.shared().readTree(metadata).path("packages")) {
      if (found.path("name").asString().equals(crate)) {
        var manifest = Path.of(found.path("manifest_path").asString());
        Upstream.copyTree(manifest.getParent(), upstream.checkout());
      }
    }
  }

  @Override
  public HostRun runOnHost(Upstream upstream, Path copy) throws IOException, InterruptedException {
    var installing = cargo(copy, "fetch").run();
    var tests = cargo(copy, "test").run();
    return new HostRun(installing.seconds(), tests, TestOutput.ofCargo(tests.output()));
  }

  @Override
  public Results inside(Path reports, String output) {
    return TestOutput.ofCargo(TestOutput.insideOf(output));
  }

  private static Command cargo(Path where, String... arguments) {
    return Upstream.system(where, "cargo", arguments).env("CARGO_TERM_COLOR", "never");
  }
}

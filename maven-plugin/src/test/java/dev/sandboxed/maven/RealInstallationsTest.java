package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Backends;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.ProjectRecognizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Installs from the servers of this machine's build tools, in minutes; with them alone. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@EnabledIfSystemProperty(
    named = "real.installations",
    matches = "all",
    disabledReason = "takes minutes, and needs servers: -Dreal.installations=all")
class RealInstallationsTest {
  private final RecordingConsole console = new RecordingConsole();
  @TempDir private Path temporary;
  private Path project;

  @BeforeEach
  void makeProject() throws IOException {
    project = Files.createDirectory(temporary.resolve("project"));
  }

  @Test
  void cratesThatAreLocked() throws Exception {
    writeWorkspace();
    host("cargo", "generate-lockfile");
    assertThat(commands(run()))
        .containsExactly(
            "sh /sandbox/cargo-manifests.sh",
            "cargo fetch --manifest-path /sandbox/cargo/Cargo.toml --locked",
            "cargo test --offline");
    write("src/main.rs", "fn main() {}\n#[test]\nfn again() { member::one(); }\n");
    assertThat(commands(run())).as("installed before").containsExactly("cargo test --offline");
    assertThat(console.lines()).anyMatch(line -> line.contains("test again ... ok"));
  }

  @Test
  void cratesThatAreNot() throws Exception {
    writeWorkspace();
    assertThat(commands(run()))
        .containsExactly(
            "sh /sandbox/cargo-manifests.sh",
            "cargo fetch --manifest-path /sandbox/cargo/Cargo.toml",
            "cargo test --offline");
  }

  @Test
  void environmentsOfTox() throws Exception {
    write(
        "setup.py",
        """
        from setuptools import setup
        setup(name="own", description="%s", packages=["own"], install_requires=["toolz"])
        """
            .formatted(UUID.randomUUID()));
    write("tox.ini", "[tox]\nenvlist = py38,lint\n[testenv]\ndeps = pytest\ncommands = pytest\n");
    write("own/__init__.py", "import toolz\n");
    write("tests/test_own.py", "import own\n\n\ndef test_own():\n    assert own.toolz\n");
    var first = run();
    assertThat(commands(first)).last().asString().contains("--skip-pkg-install");
    assertThat(first.reports().counts().tests()).isEqualTo(1);
    assertThat(commands(run())).as("installed before").hasSize(1);
  }

  private void writeWorkspace() throws IOException {
    // Another description each time: nothing is kept of another run of this test.
    write(
        "Cargo.toml",
        """
        [package]
        name = "whole"
        version = "0.1.0"
        edition = "2021"
        description = "%s"
        [workspace]
        members = ["member"]
        [dependencies]
        member = { path = "member" }
        [dev-dependencies]
        itoa = "1"
        """
            .formatted(UUID.randomUUID()));
    write("src/main.rs", "fn main() { member::one(); }\n");
    write(
        "tests/numbers.rs",
        "#[test]\nfn writes() { assert_eq!(itoa::Buffer::new().format(7), \"7\"); }\n");
    write(
        "member/Cargo.toml",
        """
        [package]
        name = "member"
        version = "0.1.0"
        edition = "2021"
        [dependencies]
        fnv = "1"
        """);
    write("member/src/lib.rs", "pub fn one() -> fnv::FnvHashSet<u8> { Default::default() }\n");
  }

  private RunResult run() throws Exception {
    var home = temporary.resolve("home");
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    try (var backend = Backends.open()) {
      var configuration =
          new ParameterParser(
                  ".",
                  null,
                  null,
                  null,
                  null,
                  null,
                  null,
                  "8m",
                  new ImageParameters("host", null, null, null, null),
                  null,
                  null,
                  false,
                  new NetworkParameters(null, null),
                  new VolumeParameters(null))
              .parse(project, temporary.resolve("reports"));
      var result =
          new SandboxRun(backend, new ProjectRecognizer(caches), console).run(configuration);
      assertThat(result.isSuccess()).as(String.join("\n", console.lines())).isTrue();
      return result;
    }
  }

  private static List<String> commands(RunResult result) {
    return result.steps().stream()
        .filter(step -> step.step().phase() != Phase.LINT)
        .map(step -> String.join(" ", step.step().command()))
        .toList();
  }

  private void host(String... command) throws Exception {
    var process =
        new ProcessBuilder(command)
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(temporary.resolve("host.log").toFile())
            .start();
    assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
  }

  private void write(String name, String text) throws IOException {
    var path = project.resolve(name);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}

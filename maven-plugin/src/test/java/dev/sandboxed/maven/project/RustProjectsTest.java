package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RustProjectsTest {
  private static final String LOCK =
      """
      version = 4
      [[package]]
      name = "own"
      version = "0.1.0"
      [[package]]
      name = "itoa"
      version = "1.0.11"
      source = "registry+https://example.org/index"
      [[package]]
      name = "parts"
      version = "2.0.0"
      source = "git+https://example.org/team/parts.git?branch=main#0123456789abcdef0123456789abcdef01234567"
      """;
  private static final List<String> FETCHED =
      List.of(
          "INSTALL sh /sandbox/cargo-manifests.sh",
          "INSTALL cargo fetch --manifest-path /sandbox/cargo/Cargo.toml --locked",
          "TEST cargo test");
  private static final String CRATE = ".cargo/registry/cache/example.org-0123/itoa-1.0.11.crate";
  private static final String COMMIT = ".cargo/git/checkouts/parts-89abcdef/0123456/Cargo.toml";

  @TempDir private Path temporary;
  private ProjectFixture fixture;

  @BeforeEach
  void makeProject() throws IOException {
    fixture = ProjectFixture.in(temporary);
    fixture.write("Cargo.toml", "[package]\nname = 'own'\nversion = '0.1.0'\n");
  }

  @Test
  void downloadsWhatIsLockedUnlessTheHostHasItAll() throws IOException {
    fixture.write("Cargo.lock", LOCK);
    assertThat(fixture.steps(online())).isEqualTo(FETCHED);
    fixture.writeAtHome(CRATE, "");
    assertThat(fixture.steps(online())).isEqualTo(FETCHED);
    fixture.writeAtHome(COMMIT, "");
    assertThat(fixture.steps(online())).containsExactly("TEST cargo test");
  }

  @Test
  void downloadsWhereTheHostHasCratesThatOnlyItsSettingsFind() throws IOException {
    fixture.write("Cargo.lock", LOCK);
    fixture.writeAtHome(CRATE, "");
    fixture.writeAtHome(COMMIT, "");
    fixture.writeAtHome(".cargo/config.toml", "[source.crates-io]\nreplace-with = 'mirror'\n");
    assertThat(fixture.steps(online())).isEqualTo(FETCHED);
  }

  @Test
  void asksCargoWhereNothingIsLocked() throws IOException {
    assertThat(fixture.steps(online()))
        .containsExactly(
            "INSTALL sh /sandbox/cargo-manifests.sh",
            "INSTALL cargo fetch --manifest-path /sandbox/cargo/Cargo.toml",
            "TEST cargo test");
    assertThat(fixture.steps(FakeInside.with("cargo").reachingServers()))
        .containsExactly("TEST cargo test");
  }

  @Test
  void downloadsNothingWithoutANetworkOrWhereTheProjectCarriesItsCrates() throws IOException {
    fixture.write("Cargo.lock", LOCK);
    assertThat(fixture.steps(new FakeInside(false))).containsExactly("TEST cargo test --offline");
    fixture.write(
        ".cargo/config.toml",
        """
        [source.crates-io]
        replace-with = "vendored"
        [source.vendored]
        directory = "vendor"
        """);
    assertThat(fixture.steps(online())).containsExactly("TEST cargo test");
  }

  @Test
  void dependsOnTheManifestsOfTheWholeWorkspace() throws IOException {
    writeWorkspace();
    fixture.write("Cargo.lock", LOCK);
    fixture.write("rust-toolchain.toml", "");
    fixture.write(".cargo/config.toml", "");
    assertThat(fixture.recognise().get(0).keyFiles())
        .containsExactly(
            "Cargo.toml",
            "crates/a/Cargo.toml",
            "crates/b/Cargo.toml",
            "tools/c/Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            ".cargo/config.toml");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[[[",
        "[package]\nname = 'a'\n[dependencies]\nb = {path = '../b'}\n",
        "[package]\nname = 'a'\n[dependencies]\nb = {path = '/etc'}\n",
        "[package]\nname = 'a'\n[dependencies]\nb = {path = 'missing'}\n",
        "[package]\nname = 'a'\n[dependencies]\nb = {path = \"a\\u0000b\"}\n",
        "[package]\nname = 'a'\nworkspace = '..'\n",
        "[package]\nname = 'a'\nversion.workspace = true\n",
        "[package]\nname = 'a'\n[[bin]]\nname = '../../../etc/x'\n",
        "[package]\nname = 'a'\ndefault-run = 'a/b'\n",
      })
  void downloadsNothingForWhatItDoesNotUnderstand(String manifest) throws IOException {
    fixture.write("Cargo.toml", manifest);
    fixture.write("Cargo.lock", LOCK);
    assertThat(fixture.recognise().get(0).keyFiles()).contains("Cargo.toml", "Cargo.lock");
    assertThat(fixture.steps(online())).containsExactly("TEST cargo test");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[",
        "[[package]]\nname = '../a'\nversion = '1'\nsource = 'registry+https://example.org'\n",
        "[[package]]\nname = 'a'\nversion = '1'\nsource = 'git+https://example.org/a'\n",
        "[[package]]\nname = 'a'\nversion = '1'\nsource = 'hg+https://example.org/a'\n",
      })
  void downloadsNothingForALockFileThatItDoesNotUnderstand(String lock) throws IOException {
    fixture.write("Cargo.lock", lock);
    assertThat(fixture.steps(online())).containsExactly("TEST cargo test");
  }

  @Test
  void followsNoLinksAndIsNotHarmedByManyManifests() throws IOException {
    fixture.writeAtHome("private/Cargo.toml", "[package]\nname = 'private'\n");
    fixture.write("Cargo.toml", "[workspace]\nmembers = ['crates/*', 'linked/private']\n");
    fixture.write("crates/a/Cargo.toml", "[package]\nname = 'a'\n");
    Files.createSymbolicLink(fixture.project().resolve("linked"), fixture.home());
    Files.createSymbolicLink(
        fixture.project().resolve("crates/b"), fixture.home().resolve("private"));
    assertThat(fixture.recognise().get(0).keyFiles())
        .containsExactly("Cargo.toml", "crates/a/Cargo.toml");
    for (var i = 0; i < 600; i++) {
      fixture.write("crates/n" + i + "/Cargo.toml", "[package]\nname = 'n" + i + "'\n");
    }
    fixture.write("Cargo.lock", LOCK);
    assertThat(fixture.steps(online())).containsExactly("TEST cargo test");
  }

  @Test
  void makesCopiesThatCargoTakesForTheProject() throws Exception {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "cargo"))),
        "cargo is not here");
    writeWorkspace();
    var inside = online();
    assertThat(fixture.steps(inside)).hasSize(3);
    var root = temporary.resolve("root's \"own\"");
    var script =
        inside.written().get("/sandbox/cargo-manifests.sh").replace("'/", "'" + quoted(root) + "/");

    assertThat(run(script, fixture.project())).isZero();
    assertThat(run("cargo fetch --offline", root.resolve("sandbox/cargo"))).isZero();
    assertThat(fixture.project().resolve("Cargo.lock")).doesNotExist();
    assertThat(Files.readString(root.resolve("sandbox/cargo/Cargo.lock")))
        .contains("\"own\"", "\"a\"", "\"its\"", "\"c\"");
  }

  private void writeWorkspace() throws IOException {
    fixture.write(
        "Cargo.toml",
        """
        [package]
        name = "own"
        version = "0.1.0"
        edition = "2021"
        links = "own"
        default-run = "tool"
        [workspace]
        members = ["crates/*"]
        [workspace.dependencies]
        its = { path = "crates/b" }
        [lib]
        path = "other/place.rs"
        [[bin]]
        name = "own"
        [[bin]]
        name = "tool"
        path = "tools/tool.rs"
        [[test]]
        name = "whole"
        harness = false
        [[bench]]
        name = "fast"
        [[example]]
        name = "first"
        [dev-dependencies]
        c = { path = "tools/c" }
        """);
    fixture.write(
        "crates/a/Cargo.toml",
        """
        [package]
        name = "a"
        version = "0.1.0"
        edition = "2021"
        build = "make.rs"
        [target.'cfg(unix)'.dependencies]
        its = { workspace = true }
        """);
    fixture.write(
        "crates/b/Cargo.toml", "[package]\nname = 'its'\nversion = '0.1.0'\nedition = '2021'\n");
    fixture.write(
        "tools/c/Cargo.toml", "[package]\nname = 'c'\nversion = '0.1.0'\nedition = '2021'\n");
    fixture.write("crates/README.md", "");
    fixture.write("crates/empty/README.md", "");
  }

  private static String quoted(Path path) {
    return path.toString().replace("'", "'\\''");
  }

  private static int run(String script, Path directory) throws Exception {
    var process =
        new ProcessBuilder("sh", "-c", script)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    } finally {
      process.destroy();
    }
  }

  private static FakeInside online() {
    return new FakeInside(false, true);
  }
}

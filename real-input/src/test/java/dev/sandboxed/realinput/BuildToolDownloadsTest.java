package dev.sandboxed.realinput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Connection;
import dev.sandboxed.ExecResult;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.Sandbox;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Build tools inside download what they need by {@link NetworkPolicy#buildTools()} alone, from
 * where this machine's are configured to, with empty caches.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BuildToolDownloadsTest {
  private Sandbox sandbox;

  @BeforeEach
  void create() {
    sandbox =
        Sandbox.builder()
            .network(NetworkPolicy.buildTools())
            .workdir("/work")
            .memory(ByteSize.parse("2g"))
            .timeout(Duration.ofMinutes(9))
            .create();
  }

  @AfterEach
  void close() {
    sandbox.close();
  }

  @Test
  void pipInstall() {
    needs("python3", "-m", "pip", "--version");
    run(
        "python3",
        "-m",
        "pip",
        "install",
        "--no-cache-dir",
        "--target",
        "/tmp/site",
        "toolz==1.0.0");
    assertThat(
            run(
                    "sh",
                    "-c",
                    "PYTHONPATH=/tmp/site python3 -c 'import toolz; print(toolz.__version__)'")
                .stdout())
        .isEqualTo("1.0.0\n");
    nothingElse();
  }

  @Test
  void npmCi() {
    needs("npm", "--version");
    sandbox
        .files()
        .write(
            "package.json",
            """
            {"name": "downloads", "version": "1.0.0", "dependencies": {"is-odd": "3.0.1"}}
            """);
    // Without addresses, so that npm asks the registry that it is configured with.
    sandbox
        .files()
        .write(
            "package-lock.json",
            """
            {
              "name": "downloads", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
              "packages": {
                "": {"name": "downloads", "version": "1.0.0", "dependencies": {"is-odd": "3.0.1"}},
                "node_modules/is-number": {"version": "6.0.0"},
                "node_modules/is-odd": {"version": "3.0.1", "dependencies": {"is-number": "^6.0.0"}}
              }
            }
            """);
    run("npm", "ci");
    assertThat(run("node", "-p", "require('is-odd')(3)").stdout()).isEqualTo("true\n");
    nothingElse();
  }

  @Test
  void goModDownload() {
    needs("go", "version");
    sandbox
        .files()
        .write(
            "go.mod",
            """
            module downloads

            go 1.21

            require github.com/google/uuid v1.6.0
            """);
    // Without a go.sum, so that the checksum database is asked too.
    run("go", "mod", "download", "all");
    assertThat(sandbox.files().readText("go.sum")).contains("github.com/google/uuid v1.6.0 h1:");
    nothingElse();
  }

  @Test
  void cargoFetch() {
    needs("cargo", "--version");
    sandbox
        .files()
        .write(
            "Cargo.toml",
            """
            [package]
            name = "downloads"
            version = "0.0.0"
            edition = "2021"

            [dependencies]
            itoa = "=1.0.11"
            """);
    sandbox.files().makeDirectories("src");
    sandbox.files().write("src/lib.rs", "");
    run("cargo", "fetch");
    assertThat(run("sh", "-c", "ls /root/.cargo/registry/src/*/").stdout()).contains("itoa-1.0.11");
    nothingElse();
  }

  @Test
  void mavenBuild() {
    needs("mvn", "--version");
    sandbox
        .files()
        .write(
            "pom.xml",
            """
            <project>
              <modelVersion>4.0.0</modelVersion>
              <groupId>downloads</groupId>
              <artifactId>downloads</artifactId>
              <version>1</version>
              <properties>
                <maven.compiler.source>11</maven.compiler.source>
            <maven.compiler.target>11</maven.compiler.target>
                <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
              </properties>
              <dependencies>
                <dependency>
                  <groupId>org.jspecify</groupId>
                  <artifactId>jspecify</artifactId>
                  <version>1.0.0</version>
                </dependency>
              </dependencies>
            </project>
            """);
    sandbox.files().makeDirectories("src/main/java");
    sandbox
        .files()
        .write(
            "src/main/java/Annotated.java",
            "class Annotated { @org.jspecify.annotations.Nullable String text; }\n");
    run("mvn", "-B", "-ntp", "compile");
    assertThat(sandbox.files().exists("target/classes/Annotated.class")).isTrue();
    nothingElse();
  }

  /** Skips the test where a tool is not in the sandbox, as it is not on this machine. */
  private void needs(String... command) {
    assumeTrue(
        sandbox.exec("sh", "-c", String.join(" ", command)).await().isSuccess(),
        "%s is not on this machine for everybody; .ci/install-packages installs it"
            .formatted(String.join(" ", command)));
  }

  private ExecResult run(String... command) {
    var result = sandbox.exec(command).await();
    assertThat(result.isSuccess())
        .as("%s%n%s%n%s%n%s", result, result.stdout(), result.stderr(), sandbox.connections())
        .isTrue();
    return result;
  }

  /** What the tool needed was allowed, and what it did not need was not. */
  private void nothingElse() {
    assertThat(sandbox.connections())
        .isNotEmpty()
        .noneMatch(connection -> connection.verdict() == Connection.Verdict.REFUSED);
    var elsewhere = sandbox.exec("bash", "-c", "exec 3<>/dev/tcp/192.0.2.1/443").await();
    assertThat(elsewhere.isSuccess()).isFalse();
    assertThat(elsewhere.stderr()).containsIgnoringCase("refused");
  }
}

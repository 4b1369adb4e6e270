package dev.sandboxed.realinput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Suites that nobody here wrote give the same results inside as on the host, test by test.
 *
 * <p>Each is fetched by its ordinary client. Where a suite depends on its environment, both sides
 * get the same.
 */
class UpstreamSuitesTest {
  private static final String LANG_VERSION = "3.9";
  static final String DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0";

  @Test
  void commonsLang() throws Exception {
    var upstream = Upstream.open("commons-lang3");
    var checkout = upstream.checkout();
    for (var classifier : new String[] {"sources", "test-sources"}) {
      upstream
          .maven(upstream.directory())
          .with(
              DEPENDENCY_PLUGIN + ":copy",
              "-Dartifact=org.apache.commons:commons-lang3:" + LANG_VERSION + ":jar:" + classifier,
              "-DoutputDirectory=" + upstream.directory())
          .check();
    }
    var jar = "commons-lang3-" + LANG_VERSION;
    Upstream.unpackJar(
        upstream.directory().resolve(jar + "-sources.jar"), checkout.resolve("src/main/java"));
    Upstream.unpackJar(
        upstream.directory().resolve(jar + "-test-sources.jar"), checkout.resolve("src/test/java"));
    // The jar holds the test resources among the sources, where the tests do not look for them.
    for (var name : new String[] {"lang-708-input.txt", "java.policy"}) {
      Files.createDirectories(checkout.resolve("src/test/resources"));
      Files.move(
          checkout.resolve("src/test/java").resolve(name),
          checkout.resolve("src/test/resources").resolve(name));
    }
    try (var pom = Upstream.resource("commons-lang3.pom.xml")) {
      Files.copy(pom, checkout.resolve("pom.xml"));
    }

    var host =
        upstream
            .maven(checkout)
            .with("test", "-Dmaven.test.failure.ignore=true")
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .run();
    assertThat(host.code()).as(Command.tail(host.output())).isZero();
    var outside = Results.ofJunitXml(checkout.resolve("target/surefire-reports"));
    Upstream.remove(checkout.resolve("target"));

    var sandbox = upstream.sandboxRun("TZ=UTC", "LANG=C.UTF-8").run();
    compare(upstream, host, outside, sandbox, 4000);
    assertThat(checkout.resolve("target")).doesNotExist();
  }

  @Test
  void uuidOfGo() throws Exception {
    var upstream = Upstream.open("google-uuid");
    var checkout = upstream.checkout();
    var downloaded =
        Command.of(
                upstream.directory(),
                Upstream.go(),
                "mod",
                "download",
                "-json",
                "github.com/google/uuid@v1.6.0")
            .check();
    var directory = Pattern.compile("\"Dir\": \"([^\"]+)\"").matcher(downloaded);
    assertThat(directory.find()).as(downloaded).isTrue();
    copy(Path.of(directory.group(1)), checkout);

    var host = Command.of(checkout, Upstream.go(), "test", "-v", "-count=1", "./...").run();
    var outside = Results.ofGoTest("github.com/google/uuid", host.output());

    var sandbox = upstream.sandboxRun().run();
    compare(upstream, host, outside, sandbox, 40);
  }

  @Test
  void toolzOfPython() throws Exception {
    var upstream = Upstream.open("toolz");
    var directory = upstream.directory();
    assumeTrue(
        Command.of(directory, "sh", "-c", "python3 -m pip --version").run().code() == 0,
        "python3 with pip is not on this machine; on Debian and Ubuntu: apt-get install"
            + " python3-pip");
    Command.of(
            directory,
            "python3",
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--no-binary=:all:",
            "toolz==1.0.0")
        .check();
    Command.of(
            directory,
            "tar",
            "-xzf",
            "toolz-1.0.0.tar.gz",
            "-C",
            "checkout",
            "--strip-components=1")
        .check();
    var checkout = upstream.checkout();
    Command.of(checkout, "python3", "-m", "pip", "install", "--target", ".pytest", "pytest==8.3.4")
        .check();

    var report = directory.resolve("host.xml");
    var host =
        Command.of(checkout, "python3", "-m", "pytest", "--junitxml=" + report)
            .env("PYTHONPATH", ".pytest")
            .run();
    var outside = Results.ofJunitXml(report);

    var sandbox = upstream.sandboxRun("PYTHONPATH=/work/.pytest").run();
    compare(upstream, host, outside, sandbox, 150);
  }

  private static void compare(
      Upstream upstream,
      Command.Result host,
      Results outside,
      Command.Result sandbox,
      int testsAtLeast)
      throws IOException {
    Files.writeString(upstream.directory().resolve("host.log"), host.output());
    Files.writeString(upstream.directory().resolve("sandbox.log"), sandbox.output());
    assertThat(sandbox.output()).as("the goal's output").contains("In a sandbox: ");
    assertThat(upstream.reports()).as(Command.tail(sandbox.output())).isNotEmptyDirectory();
    var inside = Results.ofJunitXml(upstream.reports());
    var summary =
        "%s: %s. Whole commands: %.1f s on the host, %.1f s in the sandbox"
            .formatted(
                upstream.directory().getFileName(), inside, host.seconds(), sandbox.seconds());
    System.out.println(summary);
    Files.writeString(upstream.directory().resolve("summary.txt"), summary + "\n");
    assertThat(outside.differences(inside)).as(summary).isEmpty();
    assertThat(inside.size()).as(summary).isGreaterThanOrEqualTo(testsAtLeast);
    assertThat(sandbox.code() == 0)
        .as("the goal succeeds if and only if the suite does")
        .isEqualTo(inside.count("failure") + inside.count("error") == 0);
  }

  /** Copies a module out of Go's cache, where everything is read-only. */
  private static void copy(Path source, Path target) throws IOException {
    try (var files = Files.walk(source)) {
      for (var file : files.sorted().toList()) {
        var copy = target.resolve(source.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
          Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
        }
      }
    }
  }
}

package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.ExitReason;
import dev.sandboxed.Volume;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.HostJdks;
import dev.sandboxed.maven.project.HostTools;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.TestCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs small projects in real sandboxes. */
class SandboxRunTest {
  private static final NetworkParameters NO_NETWORK = new NetworkParameters(null, null);
  private static final VolumeParameters NO_VOLUMES = new VolumeParameters(null);
  private static @Nullable Backend backend;
  private final RecordingConsole console = new RecordingConsole();
  @TempDir private Path temporary;
  private Path project;
  private Path reports;

  @BeforeAll
  static void openBackend() {
    backend = Backends.open();
  }

  @AfterAll
  static void closeBackend() {
    if (backend != null) {
      backend.close();
    }
  }

  @BeforeEach
  void makeDirectories() throws IOException {
    project = Files.createDirectory(temporary.resolve("project"));
    reports = temporary.resolve("target/sandbox");
  }

  @Test
  void runsPythonTestsAndCollectsTheirReport() throws Exception {
    write(
        "tests/test_words.py",
        """
        import unittest

        class WordsTest(unittest.TestCase):
            def test_passes(self):
                open("touched", "w").write("x")
                self.assertEqual(1, 1)

            def test_fails(self):
                self.assertEqual(1, 2, "one is not two")

            @unittest.skip("not now")
            def test_skips(self):
                pass
        """);
    var result = run(parser(null));
    assertThat(result.isSuccess()).isFalse();
    assertThat(result.reports().counts()).isEqualTo(new TestCounts(3, 1, 0, 1));
    assertThat(result.reports().files()).hasSize(1).allMatch(f -> f.startsWith(reports));
    assertThat(console.lines()).contains("Recognised: Python project (tests)");
    assertThat(project.resolve("touched")).doesNotExist();
    assertThat(project.resolve("tests")).isDirectoryNotContaining("glob:**__pycache__");
    assertThat(failure(result))
        .contains("The tests of " + project + " failed in the sandbox.")
        .contains("exit code 1")
        .contains("Tests: 3, failures: 1, errors: 0, skipped: 1. Reports: " + reports)
        .contains("test_fails: ")
        .contains("one is not two")
        .contains("The last lines of its output:");
  }

  @Test
  void runsTheWrapperOfGradleAndCollectsItsReports() throws Exception {
    // A stand-in for the real one: what counts is how it is called, and where reports are.
    var home = temporary.resolve("home/.gradle");
    var unpacked =
        Files.createDirectories(home.resolve("wrapper/dists/gradle-8.5-bin/from-a-server"));
    Files.writeString(unpacked.resolve("gradle-8.5-bin.zip.ok"), "");
    write("build.gradle", "");
    write(
        "gradle/wrapper/gradle-wrapper.properties",
        "distributionUrl=https\\://example.invalid/gradle-8.5-bin.zip\n");
    write(
        "gradlew",
        """
        echo "called with $*"
        ls "$GRADLE_USER_HOME"/wrapper/dists/*/*
        mkdir -p app/build/test-results/test
        echo '<testsuite name="a.B"><testcase classname="a.B" name="works"/></testsuite>' \\
          > app/build/test-results/test/TEST-a.B.xml
        """);

    var result = run(parser(null));

    assertThat(result.isSuccess()).isTrue();
    assertThat(result.reports().counts()).isEqualTo(new TestCounts(1, 0, 0, 0));
    assertThat(console.lines())
        .contains("Recognised: Gradle project (build.gradle)")
        .contains("| called with test --no-daemon --console=plain --continue --offline")
        .contains("| gradle-8.5-bin.zip.ok");
  }

  @Test
  void hasTheJdkThatAPomAsksFor() throws Exception {
    var jdks = HostJdks.find(System.getenv(), Path.of(System.getProperty("user.home")));
    var newest = jdks.all().stream().max(Comparator.comparingInt(HostJdks.Jdk::feature));
    assumeTrue(
        newest.isPresent()
            && jdks.onPath().filter(jdk -> jdk.feature() < newest.get().feature()).isPresent(),
        "needs a second JDK, newer than that of the path");
    write(
        "pom.xml",
        "<project><properties><maven.compiler.release>%d</maven.compiler.release></properties></project>"
            .formatted(newest.get().feature()));

    var tools = new HostTools("", range -> temporary, jdks);
    var result = run(parser("\"$JAVA_HOME/bin/javac\" -version"), tools);

    assertThat(result.isSuccess()).isTrue();
    assertThat(console.lines()).contains("| javac " + newest.get().version());
  }

  @Test
  void findsPytestWhereTheUsersVariablesSayItIs() throws Exception {
    write("tests/test_words.py", "def test_passes(): pass\n");
    write("tools/pytest.py", "print('the pytest of the user')\n");

    run(parser(null, "PYTHONPATH=/work/tools"));

    assertThat(console.lines()).contains("| the pytest of the user");
  }

  @Test
  void runsTheLintersThatAreConfiguredAndSaysSoBefore() throws Exception {
    write("tests/test_words.py", "import unittest\n");
    write("ruff.toml", "");
    write(
        "tools/ruff.py",
        "import sys\nprint('a.py:1:1: E401', *sys.argv[1:])\nsys.exit('check' in sys.argv)\n");

    var result = run(parser(null, "PYTHONPATH=/work/tools"));

    assertThat(console.lines())
        .containsSubsequence(
            "At the same time: python3 -m ruff check .",
            "ruff is run, as ruff.toml configures it",
            "| a.py:1:1: E401 check .");
    assertThat(failure(result)).contains("python3 -m ruff check .: exit code 1");
  }

  @Test
  void takesWhatLintersTellAsSarifInThePlaceOfTheirLines() throws Exception {
    write("tests/test_words.py", "import unittest\n");
    write("ruff.toml", "");
    write(
        "tools/ruff.py",
        """
        import sys
        results = ('{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "ruff"}}, "results": [{'
            '"ruleId": "F401", "message": {"text": "of SARIF"}, "locations": [{"physicalLocation": {'
            '"artifactLocation": {"uri": "file:///work/a.py"}, "region": {"startLine": 2}}}]}]}]}')
        for argument in sys.argv:
            if argument.startswith("--output-file="):
                open(argument.split("=")[1], "w").write(results)
                print("not to be seen")
                sys.exit()
        print("a.py:2:1: F401 of the lines")
        sys.exit(1 if len(sys.argv) == 3 and sys.argv[1] == "check" else 0)
        """);
    write("leak.sarif", "{}");
    Files.createSymbolicLink(project.resolve("link.sarif"), Path.of("leak.sarif"));
    write(
        "sandbox.yaml",
        """
        test: ["echo '{' > damaged.sarif"]
        sarif: [damaged.sarif, leak.sarif, link.sarif, none.sarif]
        env: {PYTHONPATH: /work/tools}
        """);

    var result = run(parser(null, "PYTHONPATH=/work/tools"));

    assertThat(console.lines())
        .contains("| a.py:2:1: F401 of the lines")
        .doesNotContain("| not to be seen");
    assertThat(result.linted()).extracting(Finding::message).containsExactly("of SARIF");
    assertThat(result.reports().problems())
        .containsExactly(
            "The SARIF file damaged.sarif is left out: it is no JSON, or nested too deep, at line"
                + " 2",
            "The SARIF file leak.sarif was written by no command",
            "The SARIF file link.sarif was written by no command",
            "The SARIF file none.sarif was written by no command");
  }

  @Test
  void runsWhatTheProjectsOwnFileSays() throws Exception {
    write(
        "sandbox.yaml",
        """
        test:
          - echo "$GREETING from $(pwd)"
          - mkdir -p out/results && echo "<testsuite name='a'><testcase name='b'/></testsuite>" > out/results/TEST-a.xml
        lint: [exit 4]
        env: {GREETING: hello}
        reports: [results]
        """);

    var result = run(parser(null));

    assertThat(console.lines())
        .contains(
            "Recognised: Other project (sandbox.yaml)",
            "sandbox.yaml decides: test, lint",
            "| hello from /work");
    assertThat(result.reports().counts()).isEqualTo(new TestCounts(1, 0, 0, 0));
    assertThat(failure(result)).contains("sh -c 'exit 4': exit code 4");
  }

  @Test
  void keepsSecretsOutOfTheLogAndTheReports() throws Exception {
    write(
        "tests/test_secret.py",
        """
        import os, unittest

        class SecretTest(unittest.TestCase):
            def test_prints(self):
                print("printed " + os.environ["PATH"])
                self.fail("failed with " + os.environ["PATH"])
        """);
    var secret = System.getenv("PATH");
    var parser = parser(null, "PATH");

    var result = run(parser);

    assertThat(result.isSuccess()).isFalse();
    assertThat(console.lines()).contains("| printed ***").noneMatch(l -> l.contains(secret));
    assertThat(failure(parser, result)).contains("failed with ***").doesNotContain(secret);
    assertThat(result.reports().files()).hasSize(1);
    assertThat(Files.readString(result.reports().files().get(0)))
        .contains("failed with ***")
        .doesNotContain(secret);
  }

  @Test
  void runsMakeTargetsAndTellsByTheExitCode() throws Exception {
    write("Makefile", "test:\n\t@echo checked $(VALUE)\n");
    var result = run(parser(null));
    assertThat(result.isSuccess()).isTrue();
    assertThat(result.reports().files()).isEmpty();
    assertThat(console.lines())
        .contains(
            "Recognised: Make project (Makefile)",
            "Command: make test",
            "Only the exit code tells the result: Make writes no test reports",
            "| checked from-host");
  }

  @Test
  void runsACommandThatIsGiven() throws Exception {
    write("Makefile", "test:\n\tfalse\n");
    var result = run(parser("echo one; echo two >&2; exit 3"));
    assertThat(failure(result)).contains("sh -c 'echo one; echo two >&2; exit 3': exit code 3");
    assertThat(console.lines()).contains("| one", "| two");
  }

  @Test
  void printsHostileOutputHarmlessly() throws Exception {
    run(parser("printf '\\033]0;title\\007::error::x\\n##vso[task.complete]\\n'"));
    assertThat(console.lines())
        .contains("| \\u001b]0;title\\u0007::error::x", "| # #vso[task.complete]");
  }

  @Test
  void leavesTheHostsFilesAloneUnlessAsked() throws Exception {
    write("kept", "before");
    var result = run(parser("rm kept && echo new > new && test ! -e kept"));
    assertThat(result.isSuccess()).isTrue();
    assertThat(project.resolve("kept")).hasContent("before");
    assertThat(project.resolve("new")).doesNotExist();

    var writable =
        new ParameterParser(
            ".",
            "echo new > new",
            null,
            null,
            null,
            null,
            null,
            "1m",
            new ImageParameters("host", null, null, null, null),
            null,
            null,
            true,
            NO_NETWORK,
            NO_VOLUMES);
    assertThat(run(writable).isSuccess()).isTrue();
    assertThat(project.resolve("new")).hasContent("new\n");
  }

  @Test
  void keepsVolumesForTheNextRun() throws Exception {
    var name = "test-" + UUID.randomUUID();
    assertThat(backend).isNotNull();
    try {
      assertThat(run(withVolume("echo kept > /cache/file", name + ":/cache")).isSuccess()).isTrue();
      assertThat(backend.volumes().files(Volume.named(name)).readText("file")).isEqualTo("kept\n");
      run(withVolume("cat /cache/file; echo no > /cache/file || true", name + ":/cache:ro"));
      assertThat(console.lines())
          .contains("| kept")
          .anyMatch(l -> l.contains("volume " + name + " at /cache"))
          .anyMatch(l -> l.contains("volume " + name + " (read-only) at /cache"));
      assertThat(backend.volumes().files(Volume.named(name)).readText("file")).isEqualTo("kept\n");
    } finally {
      backend.volumes().remove(name);
    }
  }

  @Test
  void listsWhatWasTriedToReachAndWarnsOfWhatWasRefused() throws Exception {
    var command =
        "python3 -c \"import socket; print(socket.socket().connect_ex(('203.0.113.7', 443)))\"";
    var curious =
        new ParameterParser(
            ".",
            command,
            null,
            null,
            null,
            null,
            null,
            "1m",
            new ImageParameters("host", null, null, null, null),
            null,
            null,
            false,
            new NetworkParameters(List.of("*.example.org"), null),
            NO_VOLUMES);
    var result = run(curious);
    assertThat(result.isSuccess()).isTrue();
    new RunSummary(console).add(curious.parse(project, reports), result);
    assertThat(console.lines())
        .contains("In a sandbox: " + project + " copy-on-write, network: *.example.org")
        .contains("| 111")
        .contains("WARNING   tcp://203.0.113.7:443: no rule allows tcp 203.0.113.7:443");
    assertThat(reports.resolve("network.txt"))
        .content()
        .contains("refused\ttcp://203.0.113.7:443\t1\t0\t0\tno rule allows tcp 203.0.113.7:443");
  }

  @Test
  void endsWhatTakesTooLong() throws Exception {
    var slow =
        new ParameterParser(
            ".",
            "sleep 600",
            null,
            null,
            null,
            null,
            null,
            "1s",
            new ImageParameters("host", null, null, null, null),
            null,
            null,
            false,
            NO_NETWORK,
            NO_VOLUMES);
    var result = run(slow);
    assertThat(result.steps().get(0).status().reason()).isEqualTo(ExitReason.TIMEOUT);
    assertThat(failure(slow, result))
        .contains("it took longer than 1.0 s: raise it with -Dsandbox.timeout=…");
  }

  @Test
  void saysThatMemoryRanOut() throws Exception {
    var small =
        new ParameterParser(
            ".",
            "python3 -c 'x = bytearray(800 << 20); print(len(x))'",
            null,
            "256m",
            null,
            null,
            null,
            "2m",
            new ImageParameters("host", null, null, null, null),
            null,
            null,
            false,
            NO_NETWORK,
            NO_VOLUMES);
    var result = run(small);
    assertThat(result.steps().get(0).status().reason()).isEqualTo(ExitReason.OUT_OF_MEMORY);
    assertThat(failure(result)).contains("raise it with -Dsandbox.memory=…");
  }

  @Test
  void ignoresReportsThatLieThereAlready() throws Exception {
    write("pom.xml", "<project/>");
    write(
        "target/surefire-reports/TEST-old.xml",
        "<testsuite name='old'><testcase name='old'/></testsuite>");
    var result =
        run(
            parser(
                "mkdir -p m/target/surefire-reports && cd m/target/surefire-reports && echo"
                    + " \"<testsuite name='../../x'><testcase name='new'/></testsuite>\" >"
                    + " TEST-new.xml && echo '<!DOCTYPE a><testsuite/>' > TEST-bad.xml && ln -s"
                    + " /etc/passwd TEST-link.xml"));
    assertThat(result.reports().counts()).isEqualTo(new TestCounts(1, 0, 0, 0));
    assertThat(result.reports().files()).containsExactly(reports.resolve("TEST-.._.._x.xml"));
    assertThat(result.reports().problems())
        .containsExactly(
            "The test report TEST-bad.xml is left out: it has a document type, which no test report"
                + " needs");
  }

  @Test
  void saysWhatItLookedForWhereNothingIsRecognised() {
    assertThatThrownBy(() -> run(parser(null)))
        .isInstanceOf(UnrecognisedProjectException.class)
        .hasMessageStartingWith(
            project + " is no project that can be recognised: it has no pom.xml")
        .hasMessageContaining("-Dsandbox.command=");
  }

  @Test
  void saysWhichToolIsMissing() {
    var missing =
        new ParameterParser(
            ".",
            null,
            List.of("no-such-tool"),
            null,
            null,
            null,
            null,
            "1m",
            new ImageParameters("host", null, null, null, null),
            null,
            null,
            false,
            NO_NETWORK,
            NO_VOLUMES);
    assertThatThrownBy(() -> run(missing))
        .isInstanceOf(MissingToolException.class)
        .hasMessageStartingWith("no-such-tool is not in the sandbox")
        .hasMessageContaining("install it here");
  }

  @Test
  void doesNotWriteReportsThroughLinks() throws Exception {
    var elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    var precious = Files.writeString(elsewhere.resolve("TEST-precious.xml"), "x");
    Files.createDirectories(reports.getParent());
    Files.createSymbolicLink(reports, elsewhere);
    assertThatThrownBy(() -> run(parser("true")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is a symbolic link");
    assertThat(precious).exists();
  }

  private RunResult run(ParameterParser parser)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    return run(
        parser,
        new HostTools(
            "",
            range -> {
              throw new IOException("not asked for here");
            },
            new HostJdks(Optional.empty(), List.of())));
  }

  private RunResult run(ParameterParser parser, HostTools tools)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    var home = temporary.resolve("home");
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    if (backend == null) {
      throw new IllegalStateException("no backend");
    }
    var run = new SandboxRun(backend, new ProjectRecognizer(caches, tools, false), console);
    return run.run(parser.parse(project, reports));
  }

  private static ParameterParser parser(@Nullable String command) {
    return parser(command, "VALUE=from-host");
  }

  private static ParameterParser parser(@Nullable String command, String env) {
    return new ParameterParser(
        ".",
        command,
        null,
        null,
        null,
        null,
        null,
        "5m",
        new ImageParameters("host", null, null, null, null),
        List.of(env),
        null,
        false,
        NO_NETWORK,
        NO_VOLUMES);
  }

  private static ParameterParser withVolume(String command, String volume) {
    return new ParameterParser(
        ".",
        command,
        null,
        null,
        null,
        null,
        null,
        "5m",
        new ImageParameters("host", null, null, null, null),
        null,
        null,
        false,
        NO_NETWORK,
        new VolumeParameters(List.of(volume)));
  }

  private String failure(RunResult result) {
    return failure(parser(null), result);
  }

  private String failure(ParameterParser parser, RunResult result) {
    var summary = new RunSummary(console);
    summary.add(parser.parse(project, reports), result);
    return summary.failure().orElseThrow();
  }

  private void write(String name, String text) throws IOException {
    var path = project.resolve(name);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}

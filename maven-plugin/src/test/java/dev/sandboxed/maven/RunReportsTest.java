package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.ByteSize;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.SecretMask;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.maven.ci.CiServer;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.report.CacheUse;
import dev.sandboxed.maven.report.CacheUse.Part;
import dev.sandboxed.maven.report.TestCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is told of runs, beside their test reports. */
class RunReportsTest {
  private static final ExitStatus PASSED = new ExitStatus(0, ExitReason.EXITED);
  private static final CiServer SERVER = CiServer.of(Map.of(), System.out);
  private static final ExitStatus FAILED = new ExitStatus(1, ExitReason.EXITED);
  private static @Nullable Backend backend;
  private final RecordingConsole console = new RecordingConsole();
  @TempDir private Path temporary;

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

  @Test
  void a_run_with_hostile_output_is_summed_up_as_the_schema_says() throws Exception {
    var project = Files.createDirectories(temporary.resolve("pro\u001b[31mject"));
    Files.createDirectories(project.resolve("tests"));
    Files.writeString(
        project.resolve("tests/test_words.py"),
        """
        import os, socket, unittest

        class WordsTest(unittest.TestCase):
            def test_passes(self):
                print("\\033]0;title\\007 \\udcff \\u2028 ::error::x", flush=True)
                socket.socket().connect_ex(("203.0.113.7", 443))

            def test_fails(self):
                self.fail("</script>\\n\\033[2J" + os.environ["PATH"])
        """);

    run(project, "PATH");

    var file = reports().resolve("summary.json");
    Schemas.assertValid(file, "summary-1.json");
    assertThat(Files.readString(file)).matches("[\\n -~]+").doesNotContain(System.getenv("PATH"));
    var summary = read(file);
    assertThat(summary.get("project").stringValue()).isEqualTo("project");
    assertThat(summary.get("recognised").stringValue()).isEqualTo("Python");
    assertThat(summary.get("verdict").stringValue()).isEqualTo("TESTS_FAILED");
    assertThat(summary.get("exitCode").intValue()).isEqualTo(1);
    assertThat(summary.at("/tests/all").intValue()).isEqualTo(2);
    assertThat(summary.at("/tests/failures").intValue()).isEqualTo(1);
    assertThat(summary.at("/broken/0/name").stringValue()).isEqualTo("test_fails");
    assertThat(summary.at("/broken/0/message").stringValue()).contains("</script>", "***");
    assertThat(summary.at("/steps/0/phase").stringValue()).isEqualTo("TEST");
    assertThat(summary.at("/steps/0/exitCode").intValue()).isEqualTo(1);
    assertThat(summary.at("/steps/0/seconds").doubleValue())
        .isBetween(0.001, summary.get("seconds").doubleValue() + 0.001);
    assertThat(summary.at("/steps/0/output").toString()).contains("title");
    assertThat(summary.at("/network/0/verdict").stringValue()).isEqualTo("refused");
    assertThat(summary.at("/network/0/destination").stringValue())
        .isEqualTo("tcp://203.0.113.7:443");
    assertThat(reports().resolve(summary.at("/files/0").stringValue())).isNotEmptyFile();
    assertThat(Instant.parse(summary.get("began").stringValue())).isBefore(Instant.now());
  }

  @Test
  void what_linters_print_is_in_all_reports() throws Exception {
    var project = Files.createDirectories(temporary.resolve("linted"));
    Files.writeString(
        project.resolve("package.json"),
        """
        {"scripts": {"test": "true", "lint": "sh lint.sh"}}
        """);
    Files.writeString(
        project.resolve("lint.sh"), "echo \"src/a.js:3:1: X12 secret </b> $PATH\"; exit 1\n");

    run(project, "PATH");

    Schemas.assertValid(reports().resolve("summary.json"), "summary-1.json");
    var summary = read(reports().resolve("summary.json"));
    assertThat(summary.get("verdict").stringValue()).isEqualTo("LINT_FAILED");
    assertThat(summary.at("/findings/0/tool").stringValue()).isEqualTo("npm run lint");
    assertThat(summary.at("/findings/0/rule").stringValue()).isEqualTo("X12");
    assertThat(summary.at("/findings/0/path").stringValue()).isEqualTo("src/a.js");
    assertThat(summary.at("/findings/0/line").intValue()).isEqualTo(3);
    var sarif = read(reports().resolve("findings.sarif"));
    assertThat(sarif.at("/runs/0/results/0/message/text").stringValue())
        .startsWith("secret </b>")
        .doesNotContain(System.getenv("PATH"));
    assertThat(reports().resolve("index.html")).content().contains("src/a.js:3");
    assertThat(read(reports().resolve("gl-code-quality-report.json")).size()).isEqualTo(1);
  }

  @Test
  void verdicts_tell_what_has_to_be_mended_first() throws Exception {
    assertThat(verdict(step(Phase.INSTALL, PASSED), step(Phase.TEST, PASSED))).isEqualTo("PASSED");
    assertThat(verdict(step(Phase.TEST, PASSED), step(Phase.LINT, FAILED)))
        .isEqualTo("LINT_FAILED");
    assertThat(verdict(step(Phase.LINT, FAILED), step(Phase.TEST, FAILED)))
        .isEqualTo("TESTS_FAILED");
    assertThat(verdict(step(Phase.INSTALL, FAILED), step(Phase.TEST, FAILED)))
        .isEqualTo("INSTALL_FAILED");
    assertThat(verdict(step(Phase.TEST, new ExitStatus(124, ExitReason.TIMEOUT))))
        .isEqualTo("TESTS_FAILED");
    assertThat(verdict(step(Phase.TEST, new ExitStatus(137, ExitReason.OUT_OF_MEMORY))))
        .isEqualTo("TESTS_FAILED");
    assertThat(verdict(step(Phase.TEST, new ExitStatus(137, ExitReason.TERMINATED))))
        .isEqualTo("ERROR");
    assertThat(verdict(step(Phase.TEST, new ExitStatus(1, ExitReason.FAILED)))).isEqualTo("ERROR");
  }

  @Test
  void failures_of_projects_and_of_sandboxes_are_told_in_words_of_their_own() throws Exception {
    var configuration = configuration(Files.createDirectory(temporary.resolve("project")), null);
    var ofProject = new RunSummary(new RecordingConsole());
    ofProject.add(configuration, result(step(Phase.TEST, PASSED), step(Phase.LINT, FAILED)));
    assertThat(ofProject.isOurs()).isFalse();
    assertThat(ofProject.failure().orElseThrow()).startsWith("The linters of ");
    var ofSandbox = new RunSummary(new RecordingConsole());
    ofSandbox.add(configuration, result(step(Phase.TEST, new ExitStatus(1, ExitReason.FAILED))));
    assertThat(ofSandbox.isOurs()).isTrue();
    assertThat(ofSandbox.failure().orElseThrow())
        .startsWith("The sandbox of " + configuration.project() + " ended under its commands");
  }

  @Test
  void where_what_was_installed_came_from_is_told() throws Exception {
    var configuration = configuration(Files.createDirectory(temporary.resolve("kept")), null);
    var result = result(step(Phase.TEST, PASSED));
    RunReports.written(configuration, SERVER, console, false, () -> result);
    Schemas.assertValid(reports().resolve("summary.json"), "summary-1.json");
    var caches = read(reports().resolve("summary.json")).get("caches");
    assertThat(caches.at("/0/source").stringValue()).isEqualTo("KEPT");
    assertThat(caches.at("/0/made").stringValue()).isEqualTo("1969-12-31T22:00:00Z");
    assertThat(caches.at("/0/bytes").longValue()).isEqualTo(3 << 20);
    assertThat(caches.at("/1/part").stringValue()).isEqualTo("IMAGE");
    assertThat(caches.get(1).has("made")).isFalse();
    new RunSummary(console).add(configuration, result);
    assertThat(console.lines())
        .contains(
            "Installation: npm ci, kept from before, key 0123456789ab, made 2 h ago, 3.0 MiB",
            "Image: run make, made by another build, which was waited for, key ba9876543210");
  }

  @Test
  void what_kept_a_run_from_its_results_is_told_as_an_error_of_its_own() throws Exception {
    var configuration = configuration(Files.createDirectory(temporary.resolve("empty")), null);
    assertThatThrownBy(
            () ->
                RunReports.written(
                    configuration,
                    SERVER,
                    console,
                    false,
                    () -> {
                      throw new UnrecognisedProjectException(configuration.project());
                    }))
        .isInstanceOf(UnrecognisedProjectException.class);
    var summary = read(reports().resolve("summary.json"));
    Schemas.assertValid(reports().resolve("summary.json"), "summary-1.json");
    assertThat(summary.get("verdict").stringValue()).isEqualTo("ERROR");
    assertThat(summary.get("exitCode").intValue()).isEqualTo(4);
    assertThat(summary.get("reason").stringValue()).contains("is no project that can be");
  }

  @Test
  void a_missing_tool_is_an_error_unless_such_projects_are_skipped() throws Exception {
    assertThat(verdictWithoutTool(false)).isEqualTo("ERROR");
    assertThat(verdictWithoutTool(true)).isEqualTo("SKIPPED");
  }

  @Test
  void a_summary_that_cannot_be_written_hides_no_reason() throws Exception {
    var elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    Files.createSymbolicLink(reports(), elsewhere);
    var configuration = configuration(Files.createDirectory(temporary.resolve("empty")), null);
    assertThatThrownBy(
            () ->
                RunReports.written(
                    configuration,
                    SERVER,
                    console,
                    false,
                    () -> {
                      throw new UnrecognisedProjectException(configuration.project());
                    }))
        .isInstanceOf(UnrecognisedProjectException.class)
        .hasSuppressedException(
            new IOException(
                reports()
                    + " is a symbolic link, and reports are not written through one; remove it or"
                    + " set sandbox.reportDirectory"));
    assertThat(elsewhere).isEmptyDirectory();
  }

  private String verdictWithoutTool(boolean skip) throws Exception {
    var configuration = configuration(Files.createTempDirectory(temporary, "empty"), null);
    var cause = new CommandNotFoundException("It is not in /bin");
    assertThatThrownBy(
            () ->
                RunReports.written(
                    configuration,
                    SERVER,
                    console,
                    skip,
                    () -> {
                      throw new MissingToolException("no-such-tool", cause);
                    }))
        .isInstanceOf(MissingToolException.class);
    Schemas.assertValid(reports().resolve("summary.json"), "summary-1.json");
    return read(reports().resolve("summary.json")).get("verdict").stringValue();
  }

  private String verdict(RunResult.StepResult... steps) throws Exception {
    var project = Files.createTempDirectory(temporary, "project");
    RunReports.written(configuration(project, null), SERVER, console, false, () -> result(steps));
    Schemas.assertValid(reports().resolve("summary.json"), "summary-1.json");
    return read(reports().resolve("summary.json")).get("verdict").stringValue();
  }

  private static RunResult result(RunResult.StepResult... steps) {
    return new RunResult(
        "Make",
        Instant.EPOCH,
        List.of(steps),
        new CollectedReports(TestCounts.NONE, List.of(), List.of(), List.of()),
        new ConnectionReport(List.of(), List.of(), SecretMask.of(List.of())),
        List.of(
            new CacheUse(
                Part.INSTALLATION,
                "npm ci",
                Source.KEPT,
                "0123456789ab",
                Optional.of(Instant.EPOCH.minusSeconds(7200)),
                Optional.of(new ByteSize(3 << 20))),
            new CacheUse(
                Part.IMAGE,
                "run make",
                Source.WAITED,
                "ba9876543210",
                Optional.empty(),
                Optional.empty())),
        List.of(),
        Duration.ofSeconds(2));
  }

  private static RunResult.StepResult step(Phase phase, ExitStatus status) {
    return new RunResult.StepResult(
        Step.of(phase, "step", List.of("make", "it")),
        status,
        Duration.ZERO,
        Duration.ofSeconds(1),
        List.of());
  }

  private void run(Path project, String env) throws Exception {
    var configuration = configuration(project, env);
    var home = temporary.resolve("home");
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    if (backend == null) {
      throw new IllegalStateException("no backend");
    }
    var run = new SandboxRun(backend, new ProjectRecognizer(caches), new RecordingConsole());
    RunReports.written(configuration, SERVER, console, false, () -> run.run(configuration));
  }

  private RunConfiguration configuration(Path project, @Nullable String env) {
    var variables = new ArrayList<String>();
    if (env != null) {
      variables.add(env);
    }
    return new ParameterParser(
            ".",
            null,
            null,
            null,
            null,
            null,
            null,
            "5m",
            new ImageParameters("host", null, null, null, null),
            variables,
            null,
            false,
            new NetworkParameters(List.of("none"), null),
            new VolumeParameters(null))
        .parse(project, reports());
  }

  private Path reports() {
    return temporary.resolve("sandbox");
  }

  private static JsonNode read(Path file) throws Exception {
    return JsonMapper.shared().readTree(Files.readString(file));
  }
}

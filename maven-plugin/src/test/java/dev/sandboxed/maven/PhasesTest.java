package dev.sandboxed.maven;

import static dev.sandboxed.maven.InstallMode.CACHES;
import static dev.sandboxed.maven.InstallMode.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.report.CacheUse;
import dev.sandboxed.maven.report.NetworkAttempt;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Installs, tests and lints small projects in real sandboxes; none of them needs a server. */
class PhasesTest {
  /** Of a project that depends on a directory of its own, which no server is needed for. */
  static final String LOCK =
      """
      {"name": "sample", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {
        "": {"name": "sample", "version": "1.0.0", "dependencies": {"greet": "file:vendor/greet"}},
        "node_modules/greet": {"resolved": "vendor/greet", "link": true},
        "vendor/greet": {"name": "greet", "version": "1.0.0"}}}
      """;

  private static @Nullable Backend backend;
  private final RecordingConsole console = new RecordingConsole();
  @TempDir private Path temporary;
  private Path project;

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
  void makeProject() throws IOException {
    project = Files.createDirectory(temporary.resolve("project"));
    // Another description each time: nothing is kept of another run of this test.
    write(
        "package.json",
        """
        {"name": "sample", "version": "1.0.0", "description": "%s",
         "dependencies": {"greet": "file:vendor/greet"},
         "scripts": {"test": "node check.js", "lint": "node lint.js"}}
        """
            .formatted(UUID.randomUUID()));
    write("package-lock.json", LOCK);
    write("vendor/greet/package.json", "{\"name\": \"greet\", \"version\": \"1.0.0\"}");
    write("vendor/greet/index.js", "module.exports = 'greeted';");
    write("check.js", "console.log('test 1 ' + require('greet'));");
    write(
        "lint.js",
        """
        require('net').connect(443, '203.0.113.7').on('error', e => console.log('lint ' + e.code));
        """);
  }

  @Test
  void installsOnceAndRunsTestsAndLintersOnCopiesWithoutANetwork() throws Exception {
    assumeNpm();
    Files.writeString(temporary.resolve("private"), "of the host");
    Files.createSymbolicLink(project.resolve("leak"), temporary.resolve("private"));

    var first = run(Set.of(Phase.values()), NETWORK);

    assertThat(phases(first)).containsExactly(Phase.INSTALL, Phase.TEST, Phase.LINT);
    assertThat(first.isSuccess()).isTrue();
    assertThat(console.lines())
        .contains("Install: npm ci --ignore-scripts", "At the same time: npm run lint")
        .contains("| test 1 greeted", "Linter: npm run lint", "| lint ENETUNREACH");
    assertThat(first.caches())
        .singleElement()
        .satisfies(
            use -> {
              assertThat(use.part()).isEqualTo(CacheUse.Part.INSTALLATION);
              assertThat(use.name()).isEqualTo("npm ci");
              assertThat(use.source()).isEqualTo(Source.MADE);
              assertThat(use.size()).isPresent();
            });
    assertThat(project.resolve("node_modules")).doesNotExist();

    write("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# of a tool");
    write("kept/CACHEDIR.TAG", "Signature: none");
    write(
        "check.js",
        """
        const fs = require('fs');
        console.log('test 2 ' + require('greet') + ' ' + fs.lstatSync('leak').isSymbolicLink()
            + ' ' + fs.existsSync('leak') + ' ' + fs.existsSync('cache')
            + ' ' + fs.existsSync('kept'));
        """);
    var second = run(Set.of(Phase.TEST), NETWORK);

    assertThat(phases(second)).containsExactly(Phase.TEST);
    assertThat(second.caches())
        .singleElement()
        .satisfies(
            use -> {
              assertThat(use.source()).isEqualTo(Source.KEPT);
              assertThat(use.key()).isEqualTo(first.caches().get(0).key());
              assertThat(use.made()).isEqualTo(first.caches().get(0).made()).isPresent();
            });
    assertThat(console.lines())
        .contains(
            "Installed before; kept, as package.json, package-lock.json, vendor/greet/package.json"
                + " are unchanged")
        .contains("| test 2 greeted true false false true");
  }

  @Test
  void saysThatAnInstallationFailedAndRunsNothingElse() throws Exception {
    assumeNpm();
    write(
        "package.json",
        """
        {"name": "sample", "version": "1.0.0", "dependencies": {"missing": "file:missing.tgz"},
         "scripts": {"test": "node check.js"}}
        """);

    var result = run(Set.of(Phase.values()), NETWORK);

    assertThat(phases(result)).containsExactly(Phase.INSTALL);
    assertThat(result.isSuccess()).isFalse();
    var summary = new RunSummary(console);
    summary.add(parser(null).parse(project, temporary.resolve("reports")), result);
    assertThat(summary.failure().orElseThrow())
        .startsWith("The installation of " + project + " failed in the sandbox.")
        .contains("npm ci --ignore-scripts: exit code ");
  }

  @Test
  void tellsWhatTheInstallationTriedToReach() throws Exception {
    write(
        "sandbox.yaml",
        """
        install:
          - |
            python3 -c 'import socket; print(socket.socket().connect_ex(("203.0.113.7", 443)))'
        test: ["true"]
        lint: []
        """);

    var result = run(Set.of(Phase.TEST), NETWORK);

    assertThat(result.connections().attempts())
        .extracting(NetworkAttempt::destination, NetworkAttempt::verdict, NetworkAttempt::during)
        .contains(tuple("tcp://203.0.113.7:443", "refused", NetworkAttempt.During.INSTALL));
    assertThat(temporary.resolve("reports/network.txt")).content().contains("\tinstall\n");
    new RunSummary(console).add(parser(null).parse(project, temporary.resolve("reports")), result);
    assertThat(console.lines())
        .anyMatch(l -> l.matches("WARNING   tcp://203.0.113.7:443: .*, while installing"));
  }

  @Test
  void installsWhereTheTestsRunIfTold() throws Exception {
    assumeNpm();
    var result = run(Set.of(Phase.values()), CACHES);
    assertThat(phases(result)).containsExactly(Phase.INSTALL, Phase.TEST, Phase.LINT);
    assertThat(result.isSuccess()).isTrue();
    assertThat(console.lines()).contains("Command: npm ci --ignore-scripts", "| test 1 greeted");
  }

  @Test
  void installsOnceForBuildsAtTheSameTime() throws Exception {
    assumeNpm();
    var builds =
        Stream.generate(() -> new FutureTask<>(() -> run(Set.of(Phase.INSTALL), NETWORK)))
            .limit(2)
            .toList();
    builds.stream().map(Thread::new).forEach(Thread::start);
    var installed = new ArrayList<RunResult.StepResult>();
    var sources = new ArrayList<Source>();
    for (var build : builds) {
      installed.addAll(build.get().steps());
      build.get().caches().forEach(use -> sources.add(use.source()));
    }
    assertThat(sources).hasSize(2).contains(Source.MADE).containsAnyOf(Source.WAITED, Source.KEPT);
    assertThat(installed)
        .singleElement()
        .satisfies(step -> assertThat(step.step().name()).isEqualTo("npm ci"));
  }

  @Test
  void refusesACommandWhereNeitherTestsNorLintersRun() {
    var command = parser("echo");
    assertThatThrownBy(() -> run(command, Set.of(Phase.INSTALL), NETWORK))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("and this goal runs neither");
  }

  @Test
  void lintsOnly() throws Exception {
    assumeNpm();
    Files.delete(project.resolve("package-lock.json"));
    write(
        "package.json",
        "{\"name\": \"sample\", \"scripts\": {\"test\": \"false\", \"lint\": \"node lint.js\"}}");
    var result = run(Set.of(Phase.LINT), NETWORK);
    assertThat(phases(result)).containsExactly(Phase.LINT);
    assertThat(result.reports().problems()).isEmpty();
  }

  @Test
  void takesKeyFilesButNoLinks() throws Exception {
    write("a/b/package.json", "{}");
    write("a/b/tool.js", "");
    write("a/b/source.js", "");
    var elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("package.json"), "private");
    Files.createSymbolicLink(project.resolve("linked"), elsewhere);
    Files.createSymbolicLink(project.resolve(".npmrc"), elsewhere.resolve("package.json"));
    var target = Files.createDirectory(temporary.resolve("target"));

    var files =
        KeyFiles.of(
            project,
            Path.of("a"),
            List.of("b/package.json", "../linked/package.json", "../.npmrc"));
    files.with(List.of("node", "", "b/tool.js", "/etc/passwd", "../../private")).copyTo(target);

    try (var copied = Files.walk(target)) {
      assertThat(copied.filter(Files::isRegularFile))
          .containsExactlyInAnyOrder(
              target.resolve("a/b/package.json"), target.resolve("a/b/tool.js"));
    }
    assertThatThrownBy(() -> KeyFiles.of(project, Path.of(""), List.of("../private")))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("../private")
        .hasMessageContaining("is outside of the checkout");
  }

  @Test
  void refusesAWordForInstallingThatItDoesNotKnow() {
    assertThat(InstallMode.of(" caches")).isEqualTo(CACHES);
    assertThatThrownBy(() -> InstallMode.of("offline"))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageStartingWith("sandbox.install is \"offline\"; write network");
  }

  private RunResult run(Set<Phase> phases, InstallMode install) throws Exception {
    return run(parser(null), phases, install);
  }

  private RunResult run(ParameterParser parser, Set<Phase> phases, InstallMode install)
      throws Exception {
    var home = temporary.resolve("home");
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    if (backend == null) {
      throw new IllegalStateException("no backend");
    }
    return new SandboxRun(backend, new ProjectRecognizer(caches), console)
        .run(parser.parse(project, temporary.resolve("reports")), new PhaseChoice(phases, install));
  }

  private static List<Phase> phases(RunResult result) {
    return result.steps().stream().map(s -> s.step().phase()).toList();
  }

  static ParameterParser parser(@Nullable String command) {
    return parser(command, null);
  }

  static ParameterParser parser(@Nullable String command, @Nullable String variable) {
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
        variable == null ? null : List.of(variable),
        null,
        false,
        new NetworkParameters(null, null),
        new VolumeParameters(null));
  }

  private static void assumeNpm() {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "npm"))),
        "npm is not here");
  }

  private void write(String name, String text) throws IOException {
    var path = project.resolve(name);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}

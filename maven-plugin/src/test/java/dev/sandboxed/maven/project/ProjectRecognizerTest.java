package dev.sandboxed.maven.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ProjectRecognizerTest {
  @TempDir private Path temporary;
  private Path project;
  private Path home;

  @BeforeEach
  void makeDirectories() throws IOException {
    project = Files.createDirectory(temporary.resolve("project"));
    home = Files.createDirectory(temporary.resolve("home"));
  }

  static Stream<Arguments> projects() {
    return Stream.of(
        project(
            "Maven",
            "pom.xml",
            "mvn -B -ntp -s /sandbox/settings.xml -gs /sandbox/settings.xml test",
            Map.of("pom.xml", "<project/>")),
        project(
            "npm",
            "package.json",
            "npm test",
            Map.of("package.json", "{\"name\":\"a\",\"x\":[{}],\"scripts\":{\"test\":\"mocha\"}}")),
        project(
            "npm",
            "package.json",
            "npm test; npm run lint",
            Map.of(
                "package.json", "{\"scripts\":{\"lint\":\"eslint .\",\"test\":\"node --test\"}}")),
        project(
            "npm",
            "package.json",
            "npm ci --ignore-scripts; npm test",
            Map.of("package.json", "{\"scripts\":{\"test\":\"jest\"}}", "package-lock.json", "{}")),
        project(
            "Python",
            "pyproject.toml",
            "python3 -m pytest --junitxml=/sandbox/reports/python.xml -o junit_family=xunit2",
            Map.of("pyproject.toml", "")),
        project(
            "Python",
            "setup.py",
            "python3 -m pytest --junitxml=/sandbox/reports/python.xml -o junit_family=xunit2",
            Map.of("setup.py", "")),
        project(
            "Python",
            "tests",
            "python3 -m pytest --junitxml=/sandbox/reports/python.xml -o junit_family=xunit2",
            Map.of("tests/test_a.py", "")),
        project("Go", "go.mod", "go test -json -count=1 ./...", Map.of("go.mod", "module a")),
        project("Rust", "Cargo.toml", "cargo test --offline", Map.of("Cargo.toml", "[package]")),
        project("Make", "Makefile", "make test", Map.of("Makefile", "all:\n\ntest: all\n\t./t\n")),
        project("Make", "makefile", "make check", Map.of("makefile", "a check b: all\n\t./t\n")));
  }

  private static Arguments project(
      String name, String evidence, String commands, Map<String, String> files) {
    return Arguments.of(name, evidence, commands, files);
  }

  @ParameterizedTest
  @MethodSource("projects")
  void recognisesProjectsByTheirFiles(
      String name, String evidence, String commands, Map<String, String> files) throws IOException {
    write(files);
    var found = recognise();
    assertThat(found).hasSize(1);
    assertThat(found.get(0).name()).isEqualTo(name);
    assertThat(found.get(0).evidence()).isEqualTo(evidence);
    var plan = found.get(0).planner().plan(new FakeInside(true));
    assertThat(plan.steps())
        .extracting(s -> String.join(" ", s.command()))
        .containsExactly(commands.split("; "));
  }

  @ParameterizedTest
  @CsvSource({
    "pom.xml, <settings/>, mvn -B -ntp test, MAVEN_OPTS",
    "Cargo.toml, [package], cargo test, CARGO_HOME",
    "go.mod, module a, go test -json -count=1 ./..., GOMODCACHE",
  })
  void asksToolsToStayOfflineOnlyWhereTheyReachNothing(
      String file, String content, String command, String variable) throws IOException {
    write(Map.of(file, content));
    var inside = new FakeInside(true, true);
    var plan = recognise().get(0).planner().plan(inside);
    assertThat(plan.steps())
        .extracting(s -> String.join(" ", s.command()))
        .containsExactly(command);
    assertThat(plan.env()).containsKey(variable).doesNotContainEntry("GOPROXY", "off");
    assertThat(inside.written()).isEmpty();
  }

  @Test
  void saysWhatEachStepIsForAndWhatTheInstallationDependsOn() throws IOException {
    write(
        Map.of(
            "package.json",
            "{\"scripts\":{\"test\":\"jest\",\"lint\":\"eslint .\"}}",
            "package-lock.json",
            "{}",
            "README.md",
            ""));
    var found = recognise().get(0);
    assertThat(found.keyFiles()).containsExactly("package.json", "package-lock.json");
    assertThat(found.planner().plan(new FakeInside(true)).steps())
        .extracting(s -> s.phase() + ": " + s.name())
        .containsExactly("INSTALL: npm ci", "TEST: npm test", "LINT: npm run lint");
  }

  static Stream<Map<String, String>> others() {
    return Stream.of(
        Map.of(),
        Map.of("README.md", "pom.xml"),
        Map.of(
            "package.json",
            "{\"scripts\":{\"test\":\"echo \\\"Error: no test specified\\\" && exit 1\"}}"),
        Map.of("package.json", "{\"name\":\"a\"}"),
        Map.of("package.json", "[[[["),
        Map.of("package.json", "{\"scripts\":{\"test\":{\"a\":1}}}"),
        Map.of("Makefile", "testing: a\n\tx\ncheck := 1\ntest ::= 2\n# test: x\n"),
        Map.of("tests/data.txt", ""),
        Map.of("sub/pom.xml", "<project/>"));
  }

  @ParameterizedTest
  @MethodSource("others")
  void recognisesNothingElse(Map<String, String> files) throws IOException {
    write(files);
    assertThat(recognise()).isEmpty();
  }

  @Test
  void downloadsModulesOfGoThatAreMissing() throws IOException {
    write(Map.of("go.mod", "module a", "go.sum", ""));
    assertThat(ProjectFixture.steps(recognise().get(0), FakeInside.with()))
        .containsExactly("INSTALL go mod download", "TEST go test -json -count=1 ./...");
    assertThat(ProjectFixture.steps(recognise().get(0), FakeInside.with("go")))
        .as("all are there")
        .containsExactly("TEST go test -json -count=1 ./...");
  }

  @Test
  void doesNotFollowLinks() throws IOException {
    var secret = Files.writeString(temporary.resolve("secret"), "{\"scripts\":{\"test\":\"x\"}}");
    Files.createSymbolicLink(project.resolve("package.json"), secret);
    Files.createSymbolicLink(project.resolve("pom.xml"), secret);
    assertThat(recognise()).isEmpty();
  }

  @Test
  void putsTheLikeliestFirst() throws IOException {
    write(Map.of("Makefile", "test:\n", "go.mod", "module a", "pom.xml", "<project/>"));
    assertThat(recognise()).extracting(Recognition::name).containsExactly("Maven", "Go", "Make");
  }

  @Test
  void readsFilesMadeToKeepItBusy() throws IOException {
    // Patterns that go back and forth would end with a full stack, or not in this century.
    write(Map.of("Makefile", "test ".repeat(800_000) + "\n" + "a ".repeat(20_000) + "test: a\n"));
    assertThat(recognise()).extracting(Recognition::name).containsExactly("Make");
    var script = "node ".repeat(700_000);
    write(Map.of("package.json", "{\"scripts\": {\"test\": \"" + script + "\"}}"));
    var plan = recognise().get(0).planner().plan(new FakeInside(true));
    assertThat(plan.reports()).isInstanceOf(ReportSource.None.class);
    write(Map.of("package.json", "[".repeat(2_000_000)));
    assertThat(recognise()).extracting(Recognition::name).containsExactly("Make");
  }

  @Test
  void runsUnittestWherePytestIsMissing() throws IOException {
    write(Map.of("setup.py", "", "tests/__init__.py", "", "tests/test_a.py", ""));
    var inside = new FakeInside(false);
    var plan = recognise().get(0).planner().plan(inside);
    assertThat(plan.steps().get(0).command())
        .containsExactly(
            "python3", "/sandbox/unittest_junit.py", "/sandbox/reports/python.xml", "tests", ".");
    assertThat(inside.written().get("/sandbox/unittest_junit.py")).contains("unittest");
  }

  @Test
  void prefersTheProjectsVirtualEnvironment() throws IOException {
    write(Map.of("setup.py", "", ".venv/bin/python", ""));
    assertThat(recognise().get(0).planner().plan(new FakeInside(true)).steps().get(0).command())
        .startsWith("/work/.venv/bin/python", "-m", "pytest");
  }

  @Test
  void collectsReportsOfNodesOwnTestRunnerOnly() throws IOException {
    write(Map.of("package.json", "{\"scripts\":{\"test\":\"node --test test/\"}}"));
    var plan = recognise().get(0).planner().plan(new FakeInside(true));
    assertThat(plan.reports()).isInstanceOf(ReportSource.File.class);
    assertThat(plan.steps().get(0).env().get("NODE_OPTIONS")).contains("--test-reporter=junit");
    write(Map.of("package.json", "{\"scripts\":{\"test\":\"mocha\"}}"));
    assertThat(recognise().get(0).planner().plan(new FakeInside(true)).reports())
        .isInstanceOf(ReportSource.None.class);
  }

  @Test
  void findsNodesOwnTestRunnerByWayOfOtherScripts() throws IOException {
    write(
        Map.of(
            "package.json",
            """
            {"scripts": {
              "test": "npm run -s lint && npm run test:unit && npm test && npm run test:types",
              "lint": "eslint .", "test:unit": "c8 --100 node --test", "test:types": "tsd"}}
            """));
    assertThat(recognise().get(0).planner().plan(new FakeInside(true)).reports())
        .isInstanceOf(ReportSource.File.class);
  }

  @Test
  void collectsNoReportsWhereOneRunWouldWriteOverThoseOfAnother() throws IOException {
    write(
        Map.of(
            "package.json",
            """
            {"scripts": {"test": "node --test a && yarn esm", "esm": "node --test b"}}
            """));
    assertThat(recognise().get(0).planner().plan(new FakeInside(true)).reports())
        .isInstanceOfSatisfying(
            ReportSource.None.class, none -> assertThat(none.reason()).contains("more than once"));
  }

  @Test
  void mountsCachesAndNeverWhatLiesBeside() throws IOException {
    for (var file :
        List.of(
            ".m2/repository/a.jar",
            ".m2/settings.xml",
            ".npm/_cacache/a",
            ".npmrc",
            ".cargo/registry/a",
            ".cargo/git/a",
            ".cargo/credentials.toml",
            "go/pkg/mod/a",
            ".netrc",
            ".cache/go-build/a")) {
      var path = home.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, "");
    }
    write(
        Map.of(
            "pom.xml", "<project/>",
            "package.json", "{\"scripts\":{\"test\":\"x\"}}",
            "go.mod", "module a",
            "Cargo.toml", "[package]"));
    var mounted = new HashSet<String>();
    recognise()
        .forEach(r -> r.caches().forEach(c -> mounted.add(home.relativize(c.source()) + "")));
    assertThat(mounted)
        .isEqualTo(
            Set.of(
                ".m2/repository",
                ".npm/_cacache",
                "go/pkg/mod",
                ".cache/go-build",
                ".cargo/registry",
                ".cargo/git"));
  }

  @Test
  void mountsAMavenOfTheUserWithoutItsSettings() throws IOException {
    for (var part : List.of("bin", "boot", "lib", "conf")) {
      Files.createDirectories(home.resolve("maven").resolve(part));
    }
    write(Map.of("pom.xml", "<project/>"));
    var found = recognise(Optional.of(home.resolve("maven"))).get(0);
    assertThat(found.caches())
        .extracting(CacheMount::target)
        .containsExactly(
            "/caches/maven-home/bin", "/caches/maven-home/boot", "/caches/maven-home/lib");
    assertThat(found.planner().plan(new FakeInside(true)).steps().get(0).command())
        .startsWith("/caches/maven-home/bin/mvn");
  }

  private void write(Map<String, String> files) throws IOException {
    for (var file : files.entrySet()) {
      var path = project.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
  }

  private List<Recognition> recognise() {
    return recognise(Optional.empty());
  }

  private List<Recognition> recognise(Optional<Path> mavenHome) {
    var caches = new HostCaches(home.resolve(".m2/repository"), mavenHome, home, Map.of());
    return new ProjectRecognizer(caches).recognise(new Checkout(project));
  }
}

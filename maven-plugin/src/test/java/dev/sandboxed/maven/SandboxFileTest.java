package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.maven.project.Checkout;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.Inside;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.ReportSource;
import dev.sandboxed.maven.project.TestPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxFileTest {
  private static final String WHOLE =
      """
      # What this project is.
      version: 1
      install:
        - npm ci
      test:
        - npm test
        - name: integration
          run: |
            npm run build
            npm run integration
          env: {MODE: "full"}
      lint: []
      key-files: [tools/versions.txt, package.json]
      env:
        TZ: UTC
      reports: [test-results]
      sarif: [build/findings.sarif]
      """;

  @TempDir private Path project;

  @Test
  void decidesWhatIsInstalledTestedAndLinted() throws IOException {
    write("package.json", "{\"scripts\":{\"test\":\"x\",\"lint\":\"y\"}}");
    write("tools/versions.txt", "");
    write("sandbox.yaml", WHOLE);
    var recognition = recognise().get(0);
    assertThat(recognition.name()).isEqualTo("npm");
    assertThat(recognition.evidence()).isEqualTo("package.json, sandbox.yaml");
    assertThat(recognition.keyFiles()).containsExactly("package.json", "tools/versions.txt");
    var plan = plan(recognition);
    assertThat(steps(plan))
        .containsExactly(
            "INSTALL install 1: sh -c npm ci",
            "TEST test 1: sh -c npm test",
            "TEST integration: sh -c npm run build\nnpm run integration\n");
    assertThat(plan.steps().get(2).env()).containsExactly(Map.entry("MODE", "full"));
    assertThat(plan.env()).containsEntry("TZ", "UTC").containsKey("npm_config_cache");
    assertThat(plan.reports()).isEqualTo(new ReportSource.Tree(Set.of("test-results")));
    assertThat(plan.sarif()).containsExactly("build/findings.sarif");
    assertThat(plan.notes()).containsExactly("sandbox.yaml decides: install, test, lint");
  }

  @Test
  void leavesTheRestAsItIsRecognised() throws IOException {
    write("package.json", "{\"scripts\":{\"test\":\"x\",\"lint\":\"y\"}}");
    write("sandbox.yaml", "test: [make it]");
    var plan = plan(recognise().get(0));
    assertThat(steps(plan))
        .containsExactly("TEST test 1: sh -c make it", "LINT npm run lint: npm run lint");
    assertThat(plan.reports())
        .isEqualTo(
            new ReportSource.None(
                "sandbox.yaml does not say where its test commands leave theirs, under reports"));
  }

  @Test
  void choosesAmongRecipes() throws IOException {
    write("setup.py", "");
    write("Makefile", "test:\n");
    write("sandbox.yaml", "recipe: make");
    assertThat(recognise()).extracting(Recognition::name).containsExactly("Make", "Python");
    write("sandbox.yaml", "recipe: Go");
    assertThatThrownBy(this::recognise)
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage("sandbox.yaml: recipe is Go, and what fits the project is Python, Make");
    Files.delete(project.resolve("setup.py"));
    Files.delete(project.resolve("Makefile"));
    assertThatThrownBy(this::recognise)
        .hasMessageEndingWith("is none; leave it out, and name commands under test");
  }

  @Test
  void refusesTwoEntriesOfTheSameName() throws IOException {
    write("sandbox.yaml", "matrix: [{name: a, image: host}, {name: A, image: host}]");
    assertThatThrownBy(this::recognise).hasMessageContaining("two entries of matrix are called A");
  }

  @Test
  void makesAProjectOfWhatIsNothingKnown() throws IOException {
    write("sandbox.yaml", "test: [./check]");
    assertThat(recognise())
        .singleElement()
        .satisfies(r -> assertThat(r.evidence()).isEqualTo("sandbox.yaml"))
        .satisfies(r -> assertThat(steps(plan(r))).containsExactly("TEST test 1: sh -c ./check"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        WHOLE,
        "version: 1",
        "test: [a]",
        "{\"lint\": [{\"run\": \"a\", \"name\": \"b: c\"}]}",
        "env: {A: '', _b2: 'x y'}",
        "key-files: [..a/b.txt, .npmrc]",
        "matrix: [{name: node-22.1, image: 'node:22', env: {A: b}}, {image: host, name: a_B.1}]",
        "matrix: [{name: a, image: ./root fs/..a.tar}, {name: b, image:"
            + " 'localhost:5000/x@sha256:0'}]",
      })
  void readsWhatTheSchemaHas(String text) throws IOException {
    write("sandbox.yaml", text);
    assertThat(recognise()).hasSize(1);
    assertThat(Schemas.violations(text, "sandbox-1.json")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[] | 1: the file must have members",
        "test | 1: the file must have members",
        "{} | 1: the file says nothing",
        "version: 2 | 1: version must be 1",
        "version: '1' | 1: version must be 1",
        "env: {A: b}~tests: [a] | 2: tests is not known; there are version, install, test",
        "\"::error::x\": 1 | 1: a member with an unusual name is not known",
        "test: make | 1: test must be a list of commands",
        "test: | 1: test must be a list of commands",
        "test:~- 1 | 2: a command must be a text; put it in quotes",
        "test:~- '' | 2: a command is empty",
        "test:~- a: b | 2: a command has no a; there are name, run and env",
        "test:~- name: b | 2: a command lacks run",
        "test:~- {run: a, name: \"b\\tc\"} | 2: name must be at most 60 letters",
        "test:~- {run: [a]} | 2: a command must be a text",
        "env: [a] | 1: env must have the names of variables",
        "env:~  a-b: c | 2: a-b is no name of a variable",
        "env:~  A: 1 | 2: A must be a text; put it in quotes",
        "env:~  A: yes~  B: true | 3: B must be a text; put it in quotes",
        "key-files: [/etc/passwd] | 1: an entry of key-files is not allowed; write the path of",
        "key-files: [a/../../b] | 1: an entry of key-files is not allowed",
        "key-files: [./a] | 1: an entry of key-files is not allowed",
        "reports: [../a] | 1: an entry of reports is not allowed; write the name of a directory",
        "reports: [] | 1: reports is empty",
        "sarif: [../a.sarif] | 1: an entry of sarif is not allowed; write the path of a file",
        "sarif: a.sarif | 1: sarif must be a list",
        "recipe: '../a' | 1: recipe must be the name of one",
        "matrix: [] | 1: matrix is empty",
        "matrix: host | 1: matrix must be a list of entries",
        "matrix: [host] | 1: an entry of matrix must have a name and an image",
        "matrix:~- name: a | 2: an entry of matrix lacks its image",
        "matrix:~- image: host | 2: an entry of matrix lacks its name",
        "matrix:~- {name: a, image: host, run: b} | 2: an entry of matrix has no run; there are",
        "matrix:~- {name: all, image: host} | 2: name must be at most 40 letters",
        "matrix:~- {name: summary.json, image: host} | 2: name must be at most 40 letters",
        "matrix:~- {name: ../a, image: host} | 2: name must be at most 40 letters",
        "matrix:~- {name: a, image: /} | 2: image must be host, an image of a registry",
        "matrix:~- {name: a, image: /home/user} | 2: image must be host, an image of a registry",
        "matrix:~- {name: a, image: ./../..} | 2: image must be host, an image of a registry",
        "matrix:~- {name: a, image: ../a} | 2: image must be host, an image of a registry",
        "matrix:~- {name: a, image: $HOME/a} | 2: image must be host, an image of a registry",
        "matrix:~- {name: a, image: ./} | 2: image must be host, an image of a registry",
      })
  void refusesWhatTheSchemaHasNot(String text, String message) throws IOException {
    var lines = text.replace('~', '\n');
    write("sandbox.yaml", lines);
    assertThatThrownBy(this::recognise)
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageStartingWith("sandbox.yaml, line " + message);
    assertThat(Schemas.violations(lines, "sandbox-1.json")).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "test: [a]~test: [b] | 2: this is no YAML, or says something twice",
        "test: [a~lint: [ | this is no YAML",
        "test: &a [b]~lint: *a | 1: anchors (&), aliases (*) and tags (!) are not allowed",
        "test: *a | anchors (&), aliases (*) and tags (!) are not allowed",
        "test: [!!java.net.URL a] | 1: anchors (&), aliases (*) and tags (!) are not allowed",
        "test: [a]~---~test: [b] | a second document begins",
      })
  void refusesWhatYamlHasBesides(String text, String message) throws IOException {
    write("sandbox.yaml", text.replace('~', '\n'));
    assertThatThrownBy(this::recognise)
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageStartingWith("sandbox.yaml, line ")
        .hasMessageContaining(message);
  }

  @Test
  void refusesWhatIsLarge() throws IOException {
    write("sandbox.yaml", "test: [" + "a, ".repeat(50) + "b]");
    assertThatThrownBy(this::recognise).hasMessageContaining("test has more than 50 commands");
    write("sandbox.yaml", "test: ['" + "a".repeat(8_193) + "']");
    assertThatThrownBy(this::recognise).hasMessageContaining("more than 8,192 characters");
    write("sandbox.yaml", "test: " + "[".repeat(60_000));
    assertThatThrownBy(this::recognise).isInstanceOf(InvalidSpecException.class);
    write("sandbox.yaml", "#".repeat(70_000));
    assertThatThrownBy(this::recognise).hasMessageContaining("more than 65,536 characters");
  }

  @Test
  void isCarriedByThePlugin() throws IOException {
    try (var in = getClass().getResourceAsStream("/dev/sandboxed/maven/schema/sandbox-1.json")) {
      assertThat(in).isNotNull();
      assertThat(in.readAllBytes()).isEqualTo(Files.readAllBytes(Schemas.path("sandbox-1.json")));
    }
  }

  private List<Recognition> recognise() {
    var caches = new HostCaches(project.resolve("none"), Optional.empty(), project, Map.of());
    return new ProjectRecognizer(caches).recognise(new Checkout(project));
  }

  private static TestPlan plan(Recognition recognition) {
    return recognition
        .planner()
        .plan(
            new Inside() {
              @Override
              public boolean succeeds(List<String> command, Map<String, String> env) {
                return false;
              }

              @Override
              public boolean online() {
                return false;
              }

              @Override
              public void write(String path, String text) {}
            });
  }

  private static List<String> steps(TestPlan plan) {
    return plan.steps().stream()
        .map(s -> "%s %s: %s".formatted(s.phase(), s.name(), String.join(" ", s.command())))
        .toList();
  }

  private void write(String name, String text) throws IOException {
    var file = project.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}

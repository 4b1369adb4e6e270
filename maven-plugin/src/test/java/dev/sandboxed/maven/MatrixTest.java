package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Backends;
import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.maven.ci.CiServer;
import dev.sandboxed.maven.project.HostCaches;
import dev.sandboxed.maven.project.ProjectRecognizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatrixTest {
  private static final ImageParameters UNSET = new ImageParameters(null, null, null, null, null);
  private static final String INSECURE = "sandboxed.registry.insecure";
  private static final String MATRIX =
      """
      test: ['test "$WHICH" = a && echo "<testsuite name=\\"s\\"><testcase name=\\"t\\"/></testsuite>" > r/TEST-s.xml']
      reports: [r]
      matrix:
        - {name: first, image: host, env: {WHICH: a, OWN: theirs}}
        - name: second-2.1
          image: localhost:5000/team/build:21
      """;

  private final RecordingConsole console = new RecordingConsole();
  @TempDir private Path temporary;
  private Path project;

  @BeforeEach
  void makeProject() throws IOException {
    project = Files.createDirectories(temporary.resolve("project/r")).getParent();
    Files.writeString(project.resolve("sandbox.yaml"), MATRIX);
  }

  @Test
  void runsEachOnItsImageWithReportsOfItsOwn() {
    var runs = runs(null, UNSET, project);
    assertThat(runs)
        .extracting(RunConfiguration::image)
        .containsExactly(Image.host(), Image.registry("localhost:5000/team/build:21"));
    assertThat(runs)
        .extracting(RunConfiguration::reports)
        .containsExactly(
            temporary.resolve("reports/first"), temporary.resolve("reports/second-2.1"));
    assertThat(runs.get(0).env()).isEqualTo(Map.of("WHICH", "a", "OWN", "users"));
    assertThat(runs.get(1).named(runs.get(1).project())).isEqualTo(project + " (second-2.1)");
    assertThat(console.lines()).isEmpty();
  }

  @Test
  void addsWhatParametersDoToAnyImage() {
    var steps = new ImageParameters(null, null, null, List.of("git"), null);
    assertThat(runs(List.of("first"), steps, project))
        .singleElement()
        .satisfies(run -> assertThat(run.image()).isEqualTo(Image.host().aptInstall("git")));
  }

  @Test
  void picksSome() {
    assertThat(runs(List.of(" second-2.1", "first", "first"), UNSET, project))
        .extracting(RunConfiguration::variant)
        .containsExactly("second-2.1", "first");
    assertThat(runs(List.of("all"), UNSET, project)).hasSize(2);
    assertThat(runs(List.of(), UNSET, project)).as("not set").hasSize(2);
    assertThat(runs(List.of("none"), UNSET, project))
        .singleElement()
        .satisfies(run -> assertThat(run.variant()).isEmpty())
        .satisfies(run -> assertThat(run.reports()).isEqualTo(temporary.resolve("reports")));
    assertThatThrownBy(() -> runs(List.of("third"), UNSET, project))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "sandbox.matrix is \"third\", and the sandbox.yaml of %s has first, second-2.1; write"
                + " all, none, or names of its matrix",
            project);
  }

  @Test
  void isOneOnlyWhereOneIsMeant() throws IOException {
    assertThatThrownBy(() -> one(null))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "One sandbox is wanted, and the matrix in the sandbox.yaml of %s means several, first,"
                + " second-2.1: choose one, as with -Dsandbox.matrix=first, or"
                + " -Dsandbox.matrix=none for none of them",
            project);
    assertThat(one(List.of("second-2.1")).variant()).isEqualTo("second-2.1");
    assertThat(one(List.of("none")).variant()).isEmpty();
    write("matrix: [{name: single, image: host}]");
    assertThat(one(null).variant()).as("the only one").isEqualTo("single");
  }

  @Test
  void fetchesImagesForAnotherProjectOnlyIfToldTo() {
    assertThat(runs(null, UNSET, null)).extracting(RunConfiguration::variant).containsExactly("");
    assertThat(console.lines())
        .containsExactly(
            "WARNING The matrix of %s is left out: its images would be fetched as you are known to registries. To run it: -Dsandbox.matrix=all, or some of first, second-2.1"
                .formatted(project));
    assertThat(runs(null, UNSET, temporary.resolve("proj"))).hasSize(1);
    assertThat(runs(List.of("all"), UNSET, null)).hasSize(2);
  }

  @Test
  void refusesAnImageBesides() {
    var image = new ImageParameters("localhost:5000/a", null, null, null, null);
    assertThatThrownBy(() -> runs(null, image, project))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageStartingWith(
            "There is sandbox.image, \"localhost:5000/a\", and the sandbox.yaml")
        .hasMessageContaining("-Dsandbox.matrix=none");
    assertThat(runs(List.of("none"), image, project)).hasSize(1);
    assertThat(runs(null, image, null)).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "./none, the project has no directory and no tar file of that path",
    "./linked, the project has no directory and no tar file of that path",
    "./linked/private, the project has no directory and no tar file of that path",
    "Upper, which is no image of a registry",
  })
  void startsFromNothingElseOfTheHost(String image, String message) throws IOException {
    Files.writeString(temporary.resolve("private"), "");
    Files.createSymbolicLink(project.resolve("linked"), temporary);
    write("matrix: [{name: a, image: " + image + "}]");
    assertThatThrownBy(() -> runs(List.of("all"), UNSET, project))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageStartingWith("sandbox.yaml: a of its matrix starts from " + image)
        .hasMessageContaining(message);
  }

  @Test
  void startsFromDirectoriesAndTarFilesOfTheProject() throws IOException {
    Files.writeString(project.resolve("r/root.tar"), "");
    write("matrix: [{name: a, image: ./r}, {name: b, image: ./r/root.tar}]");
    assertThat(runs(null, UNSET, project))
        .extracting(RunConfiguration::image)
        .containsExactly(
            Image.directory(project.resolve("r")), Image.tar(project.resolve("r/root.tar")));
  }

  @Test
  void leavesWhatIsWrongInTheFileToTheRun() throws IOException {
    write("matrix: [{name: a}]");
    assertThat(runs(null, UNSET, project)).hasSize(1);
  }

  @Test
  void runsInRealSandboxes() throws Exception {
    write(MATRIX.replace("localhost:5000/team/build:21", "host"));
    var summary = runAll();
    assertThat(temporary.resolve("reports/first/TEST-s.xml")).exists();
    assertThat(temporary.resolve("reports/second-2.1/TEST-s.xml")).doesNotExist();
    assertThat(temporary.resolve("reports/second-2.1/summary.json"))
        .content()
        .contains("project (second-2.1)", "TESTS_FAILED");
    assertThat(summary.failure().orElseThrow())
        .startsWith("The tests of " + project + " (second-2.1) failed in the sandbox.");
  }

  @Test
  void runsOnImagesOfARegistry() throws Exception {
    var before = System.getProperty(INSECURE);
    try (var registry = MatrixRegistry.in(temporary.resolve("registry"))) {
      System.setProperty(INSECURE, registry.host());
      write(
          """
          test: ['read which < /etc/which; echo "image $which"; test "$which" = old && echo "<testsuite name=\\"s\\"><testcase name=\\"t\\"/></testsuite>" > r/TEST-s.xml']
          reports: [r]
          matrix:
            - {name: before, image: '%s'}
            - {name: after, image: '%s'}
          """
              .formatted(registry.put("old"), registry.put("new")));
      assertThat(runAll().failure().orElseThrow())
          .startsWith("The tests of " + project + " (after) failed in the sandbox.");
    } finally {
      if (before == null) {
        System.clearProperty(INSECURE);
      } else {
        System.setProperty(INSECURE, before);
      }
    }
    assertThat(console.lines())
        .anyMatch(line -> line.endsWith("| image old"))
        .anyMatch(line -> line.endsWith("| image new"));
    assertThat(temporary.resolve("reports/before/TEST-s.xml")).exists();
    assertThat(temporary.resolve("reports/after/TEST-s.xml")).doesNotExist();
  }

  private RunSummary runAll() throws Exception {
    var home = temporary.resolve("home");
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    var summary = new RunSummary(console);
    try (var backend = Backends.open()) {
      for (var run : runs(null, UNSET, project)) {
        var result =
            RunReports.written(
                run,
                CiServer.of(Map.of(), System.out),
                console,
                false,
                () -> new SandboxRun(backend, new ProjectRecognizer(caches), console).run(run));
        summary.add(run, result);
      }
    }
    return summary;
  }

  private void write(String text) throws IOException {
    Files.writeString(project.resolve("sandbox.yaml"), text);
  }

  private RunConfiguration one(@Nullable List<String> chosen) {
    return new MatrixRuns(chosen, UNSET, Optional.of(project))
        .one(parser(UNSET).parse(project, temporary.resolve("reports")), console);
  }

  private List<RunConfiguration> runs(
      @Nullable List<String> chosen, ImageParameters image, @Nullable Path own) {
    return new MatrixRuns(chosen, image, Optional.ofNullable(own))
        .of(parser(image).parse(project, temporary.resolve("reports")), console);
  }

  private static ParameterParser parser(ImageParameters image) {
    return new ParameterParser(
        ".",
        null,
        null,
        null,
        null,
        null,
        null,
        "5m",
        image,
        List.of("OWN=users"),
        null,
        false,
        new NetworkParameters(null, null),
        new VolumeParameters(null));
  }
}

package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Backends;
import dev.sandboxed.Volume;
import dev.sandboxed.maven.project.CacheMount;
import dev.sandboxed.maven.project.Inside;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.ReportSource;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.project.TestPlan;
import dev.sandboxed.maven.recall.Question;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanMemoryTest {
  private static final List<String> ASKED = List.of("sh", "-c", "echo asked >> /asked/log");

  @TempDir private Path temporary;
  private Path project;

  @BeforeEach
  void makeProject() throws IOException {
    project = Files.createDirectory(temporary.resolve("project"));
    Files.writeString(project.resolve("manifest"), UUID.randomUUID().toString());
  }

  @Test
  void recallsWhatAnEarlierRunSaw() throws IOException {
    memory(null).keepBefore(Map.of(question("tool"), true));
    assertThat(memory(null).recall(recognition(ask("tool"))))
        .hasValueSatisfying(planned -> assertThat(planned.steps()).hasSize(1));
    assertThat(memory(null).recall(recognition(ask("another")))).isEmpty();
  }

  @Test
  void recallsNothingOfAnotherManifestRootFileSystemOrVariable() throws IOException {
    memory(null).keepBefore(Map.of(question("tool"), true));
    assertThat(PlanMemory.of(temporary, configuration(temporary.toString(), null), recognition()))
        .isEmpty();
    assertThat(
            PlanMemory.of(temporary, configuration("host", "A=1"), recognition())
                .orElseThrow()
                .recall(recognition(ask("tool"))))
        .isEmpty();
    Files.writeString(project.resolve("manifest"), "another");
    assertThat(memory(null).recall(recognition(ask("tool")))).isEmpty();
  }

  @Test
  void recallsNothingThatHangsOnAFileOfTheCheckout() throws IOException {
    memory(null).keepBefore(Map.of(question("/work/.venv/bin/python"), false));
    assertThat(memory(null).recall(recognition(ask("/work/.venv/bin/python")))).isEmpty();
  }

  @Test
  void asksNoSandboxTwice() throws Exception {
    var volume = "plan-memory-" + UUID.randomUUID();
    try (var backend = Backends.open()) {
      try {
        var configuration = configuration("host", null, volume + ":/asked");
        var recognition = recognition(inside -> inside.succeeds(ASKED, Map.of()));
        var asked = 0;
        for (var run = 0; run < 2; run++) {
          var places = new Workplaces(backend, configuration, recognition);
          try (var prepared = places.prepare(PhaseChoice.ALL, new RecordingConsole());
              var place = prepared.open()) {
            assertThat(prepared.isInstalled()).isTrue();
            assertThat(prepared.steps()).hasSize(run == 0 ? 1 : 0);
            assertThat(place.sandbox().files().readText("/sandbox/installed")).isEqualTo("yes\n");
          }
          var lines = backend.volumes().files(Volume.named(volume)).readText("log").lines().count();
          assertThat(lines - asked).as("questions of run %d", run).isEqualTo(run == 0 ? 2 : 0);
          asked = (int) lines;
        }
      } finally {
        backend.volumes().remove(volume);
      }
    }
  }

  /** Asks something of a sandbox. */
  @FunctionalInterface
  private interface Asking {
    boolean ask(Inside inside);
  }

  private static Asking ask(String program) {
    return inside -> inside.succeeds(question(program).command(), Map.of());
  }

  private static Question question(String program) {
    return new Question(List.of(program, "--version"), Map.of());
  }

  private static Recognition recognition() {
    return recognition(inside -> true);
  }

  /** A project that is installed if what is asked for is there. */
  private static Recognition recognition(Asking asking) {
    var install =
        Step.of(
            Phase.INSTALL,
            "install",
            List.of("sh", "-c", "mkdir -p /sandbox && echo yes > /sandbox/installed"));
    return new Recognition(
        "sample",
        "manifest",
        List.of("manifest"),
        List.<CacheMount>of(),
        inside ->
            new TestPlan(
                asking.ask(inside) ? List.of(install) : List.of(),
                Map.of(),
                new ReportSource.None("a sample")));
  }

  private PlanMemory memory(@Nullable String env) throws IOException {
    return PlanMemory.of(temporary, configuration("host", env), recognition()).orElseThrow();
  }

  private RunConfiguration configuration(String image, @Nullable String env, String... volumes) {
    return new ParameterParser(
            ".",
            null,
            null,
            null,
            null,
            null,
            null,
            "5m",
            new ImageParameters(image, null, null, null, null),
            env == null ? null : List.of(env),
            null,
            false,
            new NetworkParameters(null, null),
            new VolumeParameters(List.of(volumes)))
        .parse(project, temporary.resolve("reports"));
  }
}

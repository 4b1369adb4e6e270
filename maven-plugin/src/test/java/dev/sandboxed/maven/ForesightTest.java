package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.maven.project.Inside;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.ReportSource;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.project.TestPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ForesightTest {
  private static final Step INSTALL = Step.of(Phase.INSTALL, "make deps", List.of("make", "deps"));

  @Test
  void foreseesWhatIsInstalledWhateverTestsDependOn() {
    var foreseen =
        foresee(
            inside -> {
              var test = has(inside, "pytest") ? "pytest" : "unittest";
              return List.of(INSTALL, Step.of(Phase.TEST, test, List.of(test)));
            });
    assertThat(foreseen.map(PlannedInstallation::steps)).contains(List.of(INSTALL));
  }

  @Test
  void foreseesNothingWhereAnyAnswerMakesADifference() {
    var last =
        foresee(
            inside -> has(inside, "a") || !has(inside, "b") ? List.of(INSTALL) : List.<Step>of());
    assertThat(last).isEmpty();
  }

  @Test
  void takesTheSameQuestionForTheSame() {
    var foreseen =
        foresee(
            inside -> {
              var once = has(inside, "a");
              return has(inside, "a") == once ? List.of(INSTALL) : List.<Step>of();
            });
    assertThat(foreseen).isPresent();
  }

  @Test
  void givesUpWhereMuchIsAsked() {
    var foreseen =
        foresee(
            inside -> {
              var there = new ArrayList<String>();
              IntStream.range(0, 40)
                  .mapToObj(i -> "tool-" + i)
                  .filter(tool -> has(inside, tool))
                  .forEach(there::add);
              return List.of(INSTALL, Step.of(Phase.LINT, "all", there));
            });
    assertThat(foreseen).isEmpty();
  }

  private static Optional<PlannedInstallation> foresee(Function<Inside, List<Step>> steps) {
    return Foresight.of(
        new Recognition(
            "sample",
            "sample",
            List.of(),
            List.of(),
            inside ->
                new TestPlan(steps.apply(inside), Map.of(), new ReportSource.None("a sample"))));
  }

  private static boolean has(Inside inside, String tool) {
    return inside.succeeds(List.of(tool, "--version"), Map.of());
  }
}

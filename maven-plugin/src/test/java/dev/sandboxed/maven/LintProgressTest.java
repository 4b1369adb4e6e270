package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.RunResult.StepResult;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.Step;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LintProgressTest {
  private final RecordingConsole console = new RecordingConsole();
  private final HeldConsole held = new HeldConsole();
  private final LintProgress progress = new LintProgress(console, held, SecretMask.of(List.of()));

  @Test
  void the_end_is_told_at_once_and_the_output_after_that_of_the_tests() {
    lint("ruff", 1, "one");
    lint("mypy", 0, "two");
    console.info("| a test");
    assertThat(console.lines())
        .containsExactly(
            "WARNING Linter ruff: exit code 1 after 1.5 s; what it printed comes after the tests",
            "Linter mypy passed after 1.5 s",
            "| a test");

    held.release(console);

    assertThat(console.lines())
        .endsWith("| a test", "Linter: ruff", "| one", "Linter: mypy", "| two");
  }

  @Test
  void once_the_tests_have_ended_the_output_is_live() {
    progress.started(step("ruff"));
    held.info("| before");
    held.release(console);
    assertThat(console.lines()).containsExactly("Linter: ruff", "| before");
    held.warn("after");
    assertThat(console.lines()).endsWith("WARNING after");
    progress.ended(result("ruff", 1));
    lint("\u001b[2J::error::x", 0, "two");
    assertThat(console.lines())
        .endsWith(
            "WARNING after",
            "WARNING Linter ruff: exit code 1 after 1.5 s",
            "Linter: \\u001b[2J::error::x",
            "| two",
            "Linter \\u001b[2J::error::x passed after 1.5 s");
  }

  private void lint(String name, int code, String line) {
    progress.started(step(name));
    held.info("| " + line);
    progress.ended(result(name, code));
  }

  private static StepResult result(String name, int code) {
    return new StepResult(
        step(name),
        new ExitStatus(code, ExitReason.EXITED),
        Duration.ZERO,
        Duration.ofMillis(1500),
        List.of());
  }

  private static Step step(String name) {
    return Step.of(Phase.LINT, name, List.of(name));
  }
}

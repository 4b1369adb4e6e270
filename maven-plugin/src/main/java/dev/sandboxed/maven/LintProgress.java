package dev.sandboxed.maven;

import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.RunResult.StepResult;
import dev.sandboxed.maven.project.Step;
import java.util.Locale;

/**
 * Says of linters that run beside tests how each has ended, in a line and at once; what they print
 * is held back until the tests have ended, so that in no log the output of the two is mixed.
 * Thread-safe.
 */
final class LintProgress implements StepsRun.Listener {
  private final Console console;
  private final HeldConsole held;
  private final SecretMask mask;

  /**
   * Makes it.
   *
   * @param console where the tests' output goes
   * @param held takes what linters print
   */
  LintProgress(Console console, HeldConsole held, SecretMask mask) {
    this.console = console;
    this.held = held;
    this.mask = mask;
  }

  @Override
  public void started(Step step) {
    held.info("Linter: " + name(step));
  }

  @Override
  public void ended(StepResult result) {
    var isHeld = held.holds();
    var to = isHeld ? console : held;
    var seconds = result.duration().toMillis() / 1000.0;
    var name = name(result.step());
    if (result.status().isSuccess()) {
      to.info(String.format(Locale.ROOT, "Linter %s passed after %.1f s", name, seconds));
    } else {
      to.warn(
          String.format(
              Locale.ROOT,
              "Linter %s: %s after %.1f s%s",
              name,
              result.status(),
              seconds,
              isHeld ? "; what it printed comes after the tests" : ""));
    }
  }

  private String name(Step step) {
    return SafeText.line(mask.apply(step.name()));
  }
}

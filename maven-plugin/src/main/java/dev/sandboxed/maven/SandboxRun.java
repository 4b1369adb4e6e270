package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.maven.project.Checkout;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.ReportSource;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.project.TestPlan;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Installs what a project depends on, runs its tests and its linters in sandboxes, and collects the
 * results.
 */
final class SandboxRun {
  private final Backend backend;
  private final ProjectRecognizer recognizer;
  private final Console console;

  SandboxRun(Backend backend, ProjectRecognizer recognizer, Console console) {
    this.backend = backend;
    this.recognizer = recognizer;
    this.console = console;
  }

  /** Runs everything that a project's plan has; see {@link #run(RunConfiguration, PhaseChoice)}. */
  RunResult run(RunConfiguration configuration)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    return run(configuration, PhaseChoice.ALL);
  }

  /**
   * Runs a project's tests, or what else is chosen.
   *
   * @throws UnrecognisedProjectException if it is nothing known and no command is given
   * @throws MissingToolException if the sandbox lacks the program to run
   * @throws IOException if the reports cannot be written
   */
  RunResult run(RunConfiguration configuration, PhaseChoice choice)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    try (var tools = Headstart.of(backend, configuration.image())) {
      return prepared(configuration, choice);
    }
  }

  private RunResult prepared(RunConfiguration configuration, PhaseChoice choice)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    var recognition = recognise(configuration, choice);
    // Before anything is started: a directory that cannot be written would come too late after.
    var directory = ReportDirectory.open(configuration.reports());
    var run = new PhasesRun(configuration, choice, recognition.name(), directory, console);
    var project = new Workplaces(backend, configuration, recognition);
    try (var places = project.prepare(choice, console)) {
      run.in(places);
    }
    return run.result();
  }

  private Recognition recognise(RunConfiguration configuration, PhaseChoice choice)
      throws UnrecognisedProjectException {
    var checkout = new Checkout(configuration.project(), configuration.directory());
    var found = recognizer.recognise(checkout);
    if (!configuration.command().isEmpty()) {
      return given(configuration.command(), choice, found);
    }
    if (found.isEmpty()) {
      throw new UnrecognisedProjectException(checkout.directory());
    }
    var first = found.get(0);
    console.info("Recognised: %s project (%s)".formatted(first.name(), first.evidence()));
    if (found.size() > 1) {
      console.info(
          "It could also be: %s. Choose with -Dsandbox.command=…"
              .formatted(
                  found.stream()
                      .skip(1)
                      .map(r -> "%s (%s)".formatted(r.name(), r.evidence()))
                      .collect(Collectors.joining(", "))));
    }
    return first;
  }

  /** Runs a command in the place of a plan's steps, with the caches and environment of the plan. */
  private static Recognition given(
      List<String> command, PhaseChoice choice, List<Recognition> found) {
    var step = Step.of(choice.ofCommand(), "sandbox.command", command);
    return new Recognition(
        "command",
        "sandbox.command",
        found.isEmpty() ? List.of() : found.get(0).keyFiles(),
        found.isEmpty() ? List.of() : found.get(0).caches(),
        inside -> {
          var none = new ReportSource.None("the command was given by sandbox.command");
          if (found.isEmpty()) {
            return new TestPlan(List.of(step), Map.of(), none);
          }
          var plan = found.get(0).planner().plan(inside);
          var reports = plan.reports() instanceof ReportSource.Tree tree ? tree : none;
          return new TestPlan(List.of(step), plan.env(), reports);
        });
  }
}

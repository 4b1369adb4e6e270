package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.project.Checkout;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.ProjectRecognizer;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.ReportSource;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.project.TestPlan;
import dev.sandboxed.maven.report.GoTestEvents;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Runs a project's tests in a sandbox and collects the results. */
final class SandboxRun {
  private static final long OUTPUT_LIMIT = 32L << 20;
  private static final String MARKER = Layout.SCRATCH + "/started";

  private final Backend backend;
  private final ProjectRecognizer recognizer;
  private final Console console;

  SandboxRun(Backend backend, ProjectRecognizer recognizer, Console console) {
    this.backend = backend;
    this.recognizer = recognizer;
    this.console = console;
  }

  /**
   * Runs a project's tests.
   *
   * @throws UnrecognisedProjectException if it is nothing known and no command is given
   * @throws MissingToolException if the sandbox lacks the program to run
   * @throws IOException if the reports cannot be written
   */
  RunResult run(RunConfiguration configuration)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    var recognition = recognise(configuration);
    // Before anything is started: a directory that cannot be written would come too late after.
    var directory = ReportDirectory.open(configuration.reports());
    try (var sandbox = backend.create(CheckoutSpec.of(configuration, recognition.caches()))) {
      sandbox.files().makeDirectories(Layout.SCRATCH + "/reports");
      var plan = recognition.planner().plan(new LiveInside(sandbox, configuration));
      show(configuration, plan);
      sandbox.files().write(MARKER, "");
      var since = sandbox.files().stat(MARKER).modified();
      var events = new GoTestEvents();
      var began = System.nanoTime();
      var steps = runSteps(sandbox, configuration, plan, events);
      var duration = Duration.ofNanos(System.nanoTime() - began);
      var collected = collect(sandbox, plan, since, events, directory);
      var connections = new ConnectionReport(sandbox.connections());
      if (configuration.network().isPresent()) {
        directory.write(connections);
      }
      return new RunResult(steps, collected, connections, duration);
    }
  }

  private Recognition recognise(RunConfiguration configuration)
      throws UnrecognisedProjectException {
    var checkout = new Checkout(configuration.project());
    var found = recognizer.recognise(checkout);
    if (!configuration.command().isEmpty()) {
      return given(configuration.command(), found);
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
  private static Recognition given(List<String> command, List<Recognition> found) {
    var step = new Step(command, Map.of(), Step.OutputFormat.TEXT);
    return new Recognition(
        "command",
        "sandbox.command",
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

  private void show(RunConfiguration configuration, TestPlan plan) {
    var mask = SecretMask.of(configuration.secrets());
    plan.steps().forEach(s -> console.info("Command: " + CommandLine.of(mask.apply(s.command()))));
    console.info(CheckoutSpec.describe(configuration));
    if (plan.reports() instanceof ReportSource.None none) {
      console.info("Only the exit code tells the result: " + none.reason());
    }
  }

  private List<RunResult.StepResult> runSteps(
      Sandbox sandbox, RunConfiguration configuration, TestPlan plan, GoTestEvents events)
      throws MissingToolException {
    var results = new ArrayList<RunResult.StepResult>();
    var end = System.nanoTime() + configuration.timeout().toNanos();
    for (var step : plan.steps()) {
      var left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
      var output = new LiveOutput(console, OUTPUT_LIMIT, SecretMask.of(configuration.secrets()));
      var env = new LinkedHashMap<>(plan.env());
      env.putAll(step.env());
      env.putAll(configuration.env());
      var process = start(sandbox.exec(step.command()).env(env).timeout(left));
      var status = follow(sandbox, process, step, events, output);
      results.add(new RunResult.StepResult(step, status, output.tail()));
      if (status.reason() != ExitReason.EXITED && status.reason() != ExitReason.SIGNALED) {
        break;
      }
    }
    return results;
  }

  private static SandboxProcess start(Exec exec) throws MissingToolException {
    try {
      return exec.start();
    } catch (CommandNotFoundException e) {
      throw new MissingToolException(exec.command().get(0), e);
    }
  }

  private static ExitStatus follow(
      Sandbox sandbox, SandboxProcess process, Step step, GoTestEvents events, LiveOutput output) {
    Consumer<String> stdout =
        step.output() == Step.OutputFormat.GO_TEST_EVENTS
            ? line -> events.accept(line).forEach(output::accept)
            : output::accept;
    try (process) {
      var err = follow(process.stderr().lines()::forEach, output::accept);
      var out = follow(process.stdout().lines()::forEach, stdout);
      var status = process.waitFor();
      // Not for ever: a child left in the background may hold the streams open.
      CompletableFuture.allOf(out, err).completeOnTimeout(null, 5, TimeUnit.SECONDS).join();
      return status;
    } catch (SandboxNotRunningException e) {
      // The sandbox ended under the command, for example because it was out of memory.
      return sandbox.waitFor(Duration.ofSeconds(30)).orElseThrow(() -> e);
    }
  }

  private static CompletableFuture<Void> follow(
      Consumer<Consumer<String>> lines, Consumer<String> sink) {
    var done = new CompletableFuture<Void>();
    var thread =
        new Thread(
            () -> {
              try {
                lines.accept(sink);
              } catch (SandboxException e) {
                // The sandbox ended; whoever waits for the process says so.
              } finally {
                done.complete(null);
              }
            },
            "sandbox-output");
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private CollectedReports collect(
      Sandbox sandbox, TestPlan plan, Instant since, GoTestEvents events, ReportDirectory directory)
      throws IOException {
    var root = sandbox.spec().workdir().orElse(Layout.CHECKOUT);
    var collector =
        new ReportCollector(sandbox.files(), directory, SecretMask.of(sandbox.spec().secrets()));
    try {
      return collector.collect(plan.reports(), root, since, events);
    } catch (SandboxNotRunningException e) {
      return collector.ended();
    }
  }
}

package dev.sandboxed.maven;

import dev.sandboxed.Connection;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.ReportSource;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.report.CacheUse;
import dev.sandboxed.maven.report.GoTestEvents;
import dev.sandboxed.maven.report.TestCounts;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Runs the phases of one project, tests and linters at the same time, and gathers what comes of
 * them. Not thread-safe.
 */
final class PhasesRun {
  private static final String MARKER = Layout.SCRATCH + "/started";

  private final RunConfiguration configuration;
  private final PhaseChoice choice;
  private final String recognised;
  private final ReportDirectory directory;
  private final Console console;
  private final Instant started = Instant.now();
  private final long origin = System.nanoTime();
  private final List<RunResult.StepResult> results = new ArrayList<>();
  private final List<Connection> ofInstall = new ArrayList<>();
  private final List<Connection> connections = new ArrayList<>();
  private final List<CacheUse> caches = new ArrayList<>();
  private CollectedSarif sarif = CollectedSarif.NONE;
  private CollectedReports reports =
      new CollectedReports(TestCounts.NONE, List.of(), List.of(), List.of());

  /**
   * Makes it; the time of the run counts from here.
   *
   * @param recognised what the project was taken for
   */
  PhasesRun(
      RunConfiguration configuration,
      PhaseChoice choice,
      String recognised,
      ReportDirectory directory,
      Console console) {
    this.configuration = configuration;
    this.choice = choice;
    this.recognised = recognised;
    this.directory = directory;
    this.console = console;
  }

  /** What came of the linters. */
  private record Linted(
      List<RunResult.StepResult> results, List<Connection> connections, CollectedSarif sarif) {}

  /** Runs tests and linters, and before them what installs where it is not done yet. */
  void in(PreparedPlaces places) throws IOException, MissingToolException {
    results.addAll(places.steps());
    ofInstall.addAll(places.connections());
    caches.addAll(places.caches());
    var onlyInstalls = places.isInstalled() && choice.phases().equals(Set.of(Phase.INSTALL));
    if (places.isSuccess() && onlyInstalls) {
      places.warmUp();
    } else if (places.isSuccess()) {
      try (var place = places.open()) {
        run(place, places);
      }
    }
  }

  private void run(Workplace place, PreparedPlaces places)
      throws IOException, MissingToolException {
    var steps = place.plan().steps();
    var install = places.isInstalled() ? List.<Step>of() : choice.of(Phase.INSTALL, steps);
    var tests = choice.of(Phase.TEST, steps);
    var linters = choice.of(Phase.LINT, steps);
    // What is installed here only, or changes the checkout itself, another sandbox would not see.
    var together =
        !tests.isEmpty() && !linters.isEmpty() && install.isEmpty() && !configuration.writable();
    var here = new ArrayList<>(install);
    here.addAll(tests);
    if (!together) {
      here.addAll(linters);
    }
    show(place, here, together ? linters : List.of());
    if (!together) {
      run(place, here);
      return;
    }
    var held = new HeldConsole();
    var linting = new FutureTask<>(() -> lint(places, held));
    start(linting);
    try {
      run(place, here);
    } finally {
      // Nothing of the tests' output comes any more: from now on that of the linters is live.
      held.release(console);
      var linted = join(linting);
      results.addAll(linted.results());
      connections.addAll(linted.connections());
      sarif = sarif.and(linted.sarif());
    }
  }

  /** Returns what came of all, and writes which destinations were tried. */
  RunResult result() throws IOException {
    var mask = SecretMask.of(configuration.secrets());
    var report = new ConnectionReport(ofInstall, connections, mask);
    if (configuration.network().isPresent() || !ofInstall.isEmpty()) {
      directory.write(report);
    }
    var duration = Duration.ofNanos(System.nanoTime() - origin);
    var isWhole = choice.phases().containsAll(Set.of(Phase.TEST, Phase.LINT));
    return new RunResult(
        recognised,
        started,
        results,
        reports.with(isWhole ? sarif.problemsAtEnd() : sarif.problems()),
        report,
        caches,
        sarif.findings(),
        duration);
  }

  private void show(Workplace place, List<Step> here, List<Step> beside) {
    var mask = SecretMask.of(configuration.secrets());
    here.forEach(s -> console.info("Command: " + CommandLine.of(mask.apply(s.command()))));
    beside.forEach(
        s -> console.info("At the same time: " + CommandLine.of(mask.apply(s.command()))));
    if (here.isEmpty()) {
      console.warn("There is nothing to run: the project has no such commands");
    }
    place.plan().notes().forEach(note -> console.info(SafeText.line(note)));
    console.info(place.sees());
    if (place.plan().reports() instanceof ReportSource.None none && has(here, Phase.TEST)) {
      console.info("Only the exit code tells the result: " + none.reason());
    }
  }

  private static boolean has(List<Step> steps, Phase phase) {
    return steps.stream().anyMatch(s -> s.phase() == phase);
  }

  private void run(Workplace place, List<Step> steps) throws IOException, MissingToolException {
    var sandbox = place.sandbox();
    var since = mark(sandbox);
    var events = new GoTestEvents();
    results.addAll(
        new StepsRun(place, configuration, events, console).run(steps, origin, StepsRun.NOBODY));
    if (has(steps, Phase.TEST)) {
      reports = collect(place, since, events);
    }
    sarif = sarif.and(sarif(place, since));
    connections.addAll(sandbox.connections());
  }

  private CollectedSarif sarif(Workplace place, Instant since) {
    var mask = SecretMask.of(configuration.secrets());
    return new SarifCollector(place.sandbox(), configuration.workdir(), mask)
        .readAll(place.plan().sarif(), since);
  }

  private static Instant mark(Sandbox sandbox) {
    sandbox.files().write(MARKER, "");
    return sandbox.files().stat(MARKER).modified();
  }

  private CollectedReports collect(Workplace place, Instant since, GoTestEvents events)
      throws IOException {
    var sandbox = place.sandbox();
    var root = sandbox.spec().workdir().orElse(Layout.CHECKOUT);
    var collector =
        new ReportCollector(sandbox.files(), directory, SecretMask.of(sandbox.spec().secrets()));
    try {
      return collector.collect(place.plan().reports(), root, since, events);
    } catch (SandboxNotRunningException e) {
      return collector.ended();
    }
  }

  private Linted lint(PreparedPlaces places, HeldConsole held)
      throws IOException, MissingToolException {
    try (var place = places.open()) {
      var steps = choice.of(Phase.LINT, place.plan().steps());
      var since = mark(place.sandbox());
      var progress = new LintProgress(console, held, SecretMask.of(configuration.secrets()));
      var linted =
          new StepsRun(place, configuration, new GoTestEvents(), held).run(steps, origin, progress);
      return new Linted(linted, place.sandbox().connections(), sarif(place, since));
    }
  }

  private static void start(Runnable work) {
    var thread = new Thread(work, "sandbox-lint");
    thread.setDaemon(true);
    thread.start();
  }

  private static Linted join(FutureTask<Linted> linting) throws IOException, MissingToolException {
    try {
      return linting.get();
    } catch (InterruptedException e) {
      linting.cancel(true);
      Thread.currentThread().interrupt();
      throw new IOException("The run was interrupted while its linters ran", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof MissingToolException missing) {
        throw missing;
      }
      throw e.getCause() instanceof IOException failure
          ? failure
          : new IOException("The linters could not be run: " + e.getCause(), e);
    }
  }
}

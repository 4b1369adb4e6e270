package dev.sandboxed.maven;

import dev.sandboxed.ByteSize;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.project.SarifOutput;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.GoTestEvents;
import dev.sandboxed.maven.report.LintOutput;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Runs steps of a plan in a sandbox, one after the other, and shows what they print. */
final class StepsRun {
  /** Listens to nothing. */
  static final Listener NOBODY = new Listener() {};

  private static final long OUTPUT_LIMIT = 32L << 20;
  private static final ByteSize QUIET_LIMIT = ByteSize.parse("1m");

  private final Workplace workplace;
  private final RunConfiguration configuration;
  private final GoTestEvents events;
  private final Console console;

  /** Is told of each step. */
  interface Listener {
    default void started(Step step) {}

    default void ended(RunResult.StepResult result) {}
  }

  /**
   * Makes it.
   *
   * @param events takes what Go's tests print
   */
  StepsRun(
      Workplace workplace, RunConfiguration configuration, GoTestEvents events, Console console) {
    this.workplace = workplace;
    this.configuration = configuration;
    this.events = events;
    this.console = console;
  }

  /**
   * Runs the steps.
   *
   * @param origin when the run began, as {@link System#nanoTime} has it
   * @param listener is told of each
   * @throws MissingToolException if the sandbox lacks the program of one
   */
  List<RunResult.StepResult> run(List<Step> steps, long origin, Listener listener)
      throws MissingToolException {
    var sandbox = workplace.sandbox();
    var results = new ArrayList<RunResult.StepResult>();
    var end = System.nanoTime() + configuration.timeout().toNanos();
    for (var step : steps) {
      listener.started(step);
      var start = System.nanoTime();
      var left = Duration.ofNanos(Math.max(1, end - start));
      var mask = SecretMask.of(configuration.secrets());
      var lint = lint(step, mask);
      var output =
          step.phase() == Phase.LINT
              ? new LiveOutput(console, OUTPUT_LIMIT, mask, lint::accept)
              : new LiveOutput(console, OUTPUT_LIMIT, mask);
      var env = new LinkedHashMap<>(workplace.plan().env());
      env.putAll(step.env());
      env.putAll(configuration.env());
      var process = start(sandbox.exec(workplace.command(step)).env(env).timeout(left));
      var status = follow(sandbox, process, step, output);
      var result =
          new RunResult.StepResult(
              step,
              status,
              Duration.ofNanos(start - origin),
              Duration.ofNanos(System.nanoTime() - start),
              output.tail(),
              step.sarif().flatMap(told -> told(told, env, end)).orElseGet(lint::findings));
      results.add(result);
      listener.ended(result);
      if (status.reason() != ExitReason.EXITED && status.reason() != ExitReason.SIGNALED) {
        break;
      }
    }
    return results;
  }

  /**
   * Returns what a linter tells to programs, which says more than its lines for people; empty if it
   * does not, as one that is too old.
   */
  private Optional<List<Finding>> told(SarifOutput told, Map<String, String> env, long end) {
    try {
      if (!told.command().isEmpty()) {
        var left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
        workplace
            .sandbox()
            .exec(told.command())
            .env(env)
            .timeout(left)
            .outputLimit(QUIET_LIMIT)
            .await();
      }
      return new SarifCollector(
              workplace.sandbox(), configuration.workdir(), SecretMask.of(configuration.secrets()))
          .read(told.path(), Instant.EPOCH);
    } catch (SandboxException e) {
      // Its lines were read, and how it ended is known.
      return Optional.empty();
    }
  }

  private LintOutput lint(Step step, SecretMask mask) {
    var root = Path.of(Layout.CHECKOUT);
    return new LintOutput(
        SafeText.line(mask.apply(step.name())), root, root.resolve(configuration.workdir()));
  }

  private static SandboxProcess start(Exec exec) throws MissingToolException {
    try {
      return exec.start();
    } catch (CommandNotFoundException e) {
      throw new MissingToolException(exec.command().get(0), e);
    }
  }

  private ExitStatus follow(Sandbox sandbox, SandboxProcess process, Step step, LiveOutput output) {
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
}

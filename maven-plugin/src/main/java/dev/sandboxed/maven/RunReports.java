package dev.sandboxed.maven;

import dev.sandboxed.ExitReason;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.RunResult.StepResult;
import dev.sandboxed.maven.ci.CiServer;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.ListedTests;
import dev.sandboxed.maven.report.RunReport;
import dev.sandboxed.maven.report.StepReport;
import dev.sandboxed.maven.report.TestCase;
import dev.sandboxed.maven.report.TestCounts;
import dev.sandboxed.maven.report.Verdict;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;

/** Writes what is told of a run beside its test reports. */
final class RunReports {
  private RunReports() {}

  /** What gives a result, or says why there is none. */
  @FunctionalInterface
  interface Run {
    RunResult run() throws IOException, UnrecognisedProjectException, MissingToolException;
  }

  /**
   * Runs something, in a part of the log of its own, and writes what is told of it, also if it
   * cannot be run. Another build that writes to the same directory is waited for.
   *
   * @param server is told what was found
   * @param skipWithoutTools whether a missing tool is no error, but a reason not to run
   * @throws IOException also if it cannot be written
   */
  static RunResult written(
      RunConfiguration configuration,
      CiServer server,
      Console console,
      boolean skipWithoutTools,
      Run run)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    try (var lock = ReportLock.take(configuration.reports(), console)) {
      return written(configuration, server, skipWithoutTools, run);
    }
  }

  private static RunResult written(
      RunConfiguration configuration, CiServer server, boolean skipWithoutTools, Run run)
      throws IOException, UnrecognisedProjectException, MissingToolException {
    var began = Instant.now();
    RunResult result;
    var fold = server.fold("Sandbox: " + name(configuration));
    try {
      result = run.run();
    } catch (MissingToolException e) {
      var verdict = skipWithoutTools ? Verdict.SKIPPED : Verdict.ERROR;
      writeNothing(configuration, verdict, began, e);
      throw e;
    } catch (UnrecognisedProjectException | IOException | RuntimeException e) {
      writeNothing(configuration, Verdict.ERROR, began, e);
      throw e;
    } finally {
      fold.close();
    }
    var tests = TestListing.of(result.reports().files());
    var places = new TestPlaces(configuration.directory(), configuration.workdir());
    var findings =
        Stream.concat(tests.broken().stream().map(places::finding), result.linted().stream())
            .toList();
    write(configuration, of(configuration, result, findings), tests);
    server.annotate(findings, configuration.directory());
    return result;
  }

  private static void writeNothing(
      RunConfiguration configuration, Verdict verdict, Instant began, Exception reason) {
    var mask = SecretMask.of(configuration.secrets());
    var report =
        new RunReport(
            name(configuration),
            "",
            verdict,
            SafeText.line(mask.apply(String.valueOf(reason.getMessage()))),
            began,
            Duration.ZERO,
            List.of(),
            TestCounts.NONE,
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of());
    try {
      write(configuration, report, ListedTests.NONE);
    } catch (IOException e) {
      // The reason is what has to be told; often it is the same.
      reason.addSuppressed(e);
    }
  }

  private static void write(RunConfiguration configuration, RunReport report, ListedTests tests)
      throws IOException {
    ReportDirectory.at(configuration.reports()).write(report, tests);
  }

  private static RunReport of(
      RunConfiguration configuration, RunResult result, List<Finding> findings) {
    var mask = SecretMask.of(configuration.secrets());
    var verdict = verdict(result);
    return new RunReport(
        name(configuration),
        SafeText.line(result.recognised()),
        verdict,
        verdict == Verdict.ERROR ? "The sandbox ended under its commands" : "",
        result.began(),
        result.duration(),
        result.steps().stream().map(step -> of(step, mask)).toList(),
        result.reports().counts(),
        result.reports().broken().stream().map(RunReports::of).toList(),
        result.reports().files().stream().map(f -> f.getFileName().toString()).toList(),
        result.caches(),
        result.connections().attempts(),
        findings,
        result.reports().problems());
  }

  private static StepReport of(StepResult result, SecretMask mask) {
    var step = result.step();
    return new StepReport(
        step.phase(),
        SafeText.line(mask.apply(step.name())),
        CommandLine.of(mask.apply(step.command())),
        result.status(),
        result.began(),
        result.duration(),
        result.tail());
  }

  private static TestCase of(TestCase test) {
    return test.map(SafeText::line);
  }

  /** Returns how a run ended as a whole. */
  static Verdict verdict(RunResult result) {
    var failed = EnumSet.noneOf(Phase.class);
    for (var step : result.steps()) {
      if (isOurs(step.status().reason())) {
        return Verdict.ERROR;
      }
      if (!step.status().isSuccess()) {
        failed.add(step.step().phase());
      }
    }
    return Verdict.of(failed);
  }

  /** Whether not the command, nor what it used, made it end so. */
  private static boolean isOurs(ExitReason reason) {
    return reason == ExitReason.FAILED
        || reason == ExitReason.TERMINATED
        || reason == ExitReason.IDLE_TIMEOUT;
  }

  private static String name(RunConfiguration configuration) {
    var name = String.valueOf(configuration.project().normalize().getFileName());
    return SafeText.line(configuration.named(name));
  }
}

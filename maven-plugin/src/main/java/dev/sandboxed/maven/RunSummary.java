package dev.sandboxed.maven;

import dev.sandboxed.ExitReason;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.project.Phase;
import dev.sandboxed.maven.report.TestCase;
import dev.sandboxed.maven.report.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says how runs ended. Not thread-safe. */
final class RunSummary {
  private static final int TAIL_LINES = 20;
  private final Console console;
  private final List<Entry> entries = new ArrayList<>();
  private final List<String> lines = new ArrayList<>();

  RunSummary(Console console) {
    this.console = console;
  }

  /** Takes the result of a run, and says it. */
  void add(RunConfiguration configuration, RunResult result) {
    var entry = new Entry(configuration, result);
    entries.add(entry);
    result.reports().problems().forEach(console::warn);
    result.connections().warnings(shown(configuration.reports())).forEach(console::warn);
    console.info("");
    console.info(entry.line());
    CacheLines.of(result).forEach(console::info);
    lines.add("%s: %s".formatted(configuration.named(configuration.project()), entry.line()));
  }

  /** Takes a project that was not run, and says why. */
  void skip(RunConfiguration configuration, String reason) {
    var project = configuration.named(configuration.project());
    console.warn("Skipped %s: %s".formatted(project, reason));
    lines.add("%s: skipped. %s".formatted(project, reason));
  }

  /** Says the results of all runs, if there were several. */
  void show() {
    if (lines.size() > 1) {
      console.info("");
      console.info("Summary of %d sandbox runs:".formatted(lines.size()));
      lines.forEach(l -> console.info("  " + l));
    }
  }

  /** Returns the message of a failed build; empty if all went well. */
  Optional<String> failure() {
    var failed = entries.stream().filter(e -> !e.result.isSuccess()).toList();
    return failed.isEmpty()
        ? Optional.empty()
        : Optional.of(failed.stream().map(Entry::failure).collect(Collectors.joining("\n\n")));
  }

  /** Returns whether a sandbox, rather than a project, was to blame for a failure. */
  boolean isOurs() {
    return entries.stream().anyMatch(e -> RunReports.verdict(e.result) == Verdict.ERROR);
  }

  private record Entry(RunConfiguration configuration, RunResult result) {

    String line() {
      var verdict = result.isSuccess() ? "passed" : "FAILED";
      return "%s in %s. %s".formatted(verdict, time(result.duration()), tests());
    }

    private String tests() {
      var reports = result.reports();
      return reports.files().isEmpty()
          ? "No test reports."
          : "%s. Reports: %s".formatted(reports.counts(), shown(configuration.reports()));
    }

    String failure() {
      var project = configuration.named(configuration.project());
      var text = new StringBuilder();
      text.append(
          RunReports.verdict(result) == Verdict.ERROR
              ? "The sandbox of %s ended under its commands; nothing is known of its tests."
                  .formatted(project)
              : "%s of %s failed in the sandbox.".formatted(failedParts(), project));
      var mask = SecretMask.of(configuration.secrets());
      for (var step : result.steps()) {
        if (!step.status().isSuccess()) {
          text.append("\n").append(CommandLine.of(mask.apply(step.step().command())));
          text.append(": ").append(reason(step));
        }
      }
      var broken = result.reports().broken();
      if (!broken.isEmpty()) {
        text.append("\n").append(tests()).append("\nBroken tests:");
        broken.forEach(t -> text.append("\n  ").append(test(t)));
        var counts = result.reports().counts();
        var more = counts.failures() + counts.errors() - broken.size();
        if (more > 0) {
          text.append("\n  and %d more".formatted(more));
        }
      }
      result.steps().stream()
          .filter(s -> !s.status().isSuccess())
          .forEach(
              s -> {
                var from = Math.max(0, s.tail().size() - TAIL_LINES);
                text.append("\nThe last lines of its output:");
                s.tail().stream().skip(from).forEach(l -> text.append("\n| ").append(l));
              });
      return text.toString();
    }

    private String failedParts() {
      var phases =
          result.steps().stream()
              .filter(s -> !s.status().isSuccess())
              .map(s -> s.step().phase())
              .collect(Collectors.toCollection(() -> EnumSet.noneOf(Phase.class)));
      if (phases.contains(Phase.INSTALL)) {
        return "The installation";
      }
      return phases.equals(EnumSet.of(Phase.LINT))
          ? "The linters"
          : phases.contains(Phase.LINT) ? "The tests and linters" : "The tests";
    }

    private String reason(RunResult.StepResult step) {
      var status = step.status();
      var hint =
          status.reason() == ExitReason.OUT_OF_MEMORY
              ? "; it needs more memory: raise it with -Dsandbox.memory=…"
              : status.reason() == ExitReason.TIMEOUT
                  ? "; it took longer than %s: raise it with -Dsandbox.timeout=…"
                      .formatted(time(configuration.timeout()))
                  : "";
      return status + hint;
    }
  }

  private static String test(TestCase test) {
    var message = test.message().lines().findFirst().orElse("");
    return SafeText.line(test.displayName())
        + (message.isEmpty() ? "" : ": " + SafeText.line(message));
  }

  private static String shown(Path path) {
    var here = Path.of("").toAbsolutePath();
    return path.startsWith(here) ? here.relativize(path).toString() : path.toString();
  }

  private static String time(Duration duration) {
    return duration.compareTo(Duration.ofMinutes(2)) < 0
        ? String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0)
        : "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
  }
}

package dev.sandboxed.maven.project;

import dev.sandboxed.InvalidSpecException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the {@code sandbox.yaml} of a project decides.
 *
 * @param commands the steps of the phases that it decides on; for a phase that has none, an empty
 *     list
 * @param keyFiles further files on which an installation depends
 * @param env variables of all commands
 * @param reports the names of the directories of test reports; empty if it does not say
 * @param sarif the paths of SARIF files that commands write
 */
record SandboxFile(
    Map<Phase, List<Step>> commands,
    List<String> keyFiles,
    Map<String, String> env,
    Set<String> reports,
    List<String> sarif) {
  static final String NAME = "sandbox.yaml";

  /** Copies the collections. */
  SandboxFile {
    commands = Map.copyOf(commands);
    keyFiles = List.copyOf(keyFiles);
    env = Map.copyOf(env);
    reports = Set.copyOf(reports);
    sarif = List.copyOf(sarif);
  }

  /**
   * Reads a project's.
   *
   * @return empty if there is none
   * @throws InvalidSpecException if it says what it cannot mean; the message has the line
   */
  static Optional<SandboxFile> read(Checkout checkout) {
    return checkout.read(NAME).map(text -> new SandboxFileReader(text).read());
  }

  /**
   * Returns what a project is with its decisions.
   *
   * @param recognised what it was taken for; empty if it is nothing known
   */
  Recognition over(Checkout checkout, Optional<Recognition> recognised) {
    var files = new LinkedHashSet<>(recognised.map(Recognition::keyFiles).orElse(List.of()));
    keyFiles.stream().filter(checkout::hasFile).forEach(files::add);
    return new Recognition(
        recognised.map(Recognition::name).orElse("Other"),
        recognised.map(r -> r.evidence() + ", " + NAME).orElse(NAME),
        new ArrayList<>(files),
        recognised.map(Recognition::caches).orElse(List.of()),
        inside -> plan(recognised.map(r -> r.planner().plan(inside))));
  }

  private TestPlan plan(Optional<TestPlan> recognised) {
    var steps =
        Stream.of(Phase.values())
            .flatMap(
                phase ->
                    Optional.ofNullable(commands.get(phase))
                        .orElseGet(() -> steps(recognised, phase))
                        .stream())
            .toList();
    var variables = new LinkedHashMap<>(recognised.map(TestPlan::env).orElse(Map.of()));
    variables.putAll(env);
    return new TestPlan(steps, variables, reports(recognised), notes(recognised), sarif);
  }

  private static List<Step> steps(Optional<TestPlan> recognised, Phase phase) {
    return recognised.map(TestPlan::steps).orElse(List.of()).stream()
        .filter(step -> step.phase() == phase)
        .toList();
  }

  private ReportSource reports(Optional<TestPlan> recognised) {
    if (!reports.isEmpty()) {
      return new ReportSource.Tree(reports);
    }
    var source = recognised.map(TestPlan::reports);
    return source
        .filter(s -> !commands.containsKey(Phase.TEST) || s instanceof ReportSource.Tree)
        .orElse(
            new ReportSource.None(
                NAME + " does not say where its test commands leave theirs, under reports"));
  }

  /** What was decided about linters has no meaning where the file decides. */
  private List<String> notes(Optional<TestPlan> recognised) {
    var notes = new ArrayList<String>();
    if (!commands.containsKey(Phase.LINT)) {
      notes.addAll(recognised.map(TestPlan::notes).orElse(List.of()));
    }
    if (!commands.isEmpty()) {
      notes.add(
          "%s decides: %s"
              .formatted(
                  NAME,
                  Stream.of(Phase.values())
                      .filter(commands::containsKey)
                      .map(SandboxFileReader::member)
                      .collect(Collectors.joining(", "))));
    }
    return notes;
  }
}

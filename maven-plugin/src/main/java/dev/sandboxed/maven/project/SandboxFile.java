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
 * @param recipe which of the recipes that fit is taken; empty for the first
 * @param matrix the images that the project is run on, one after the other; empty for the one that
 *     parameters name
 */
record SandboxFile(
    Map<Phase, List<Step>> commands,
    List<String> keyFiles,
    Map<String, String> env,
    Set<String> reports,
    List<String> sarif,
    Optional<String> recipe,
    List<MatrixEntry> matrix) {
  static final String NAME = "sandbox.yaml";

  /** Copies the collections. */
  SandboxFile {
    commands = Map.copyOf(commands);
    keyFiles = List.copyOf(keyFiles);
    env = Map.copyOf(env);
    reports = Set.copyOf(reports);
    sarif = List.copyOf(sarif);
    matrix = List.copyOf(matrix);
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
   * Returns what a project may be with its decisions, the likeliest first.
   *
   * @param found what it was taken for; empty if it is nothing known
   * @throws InvalidSpecException if the recipe is none of them
   */
  List<Recognition> over(Checkout checkout, List<Recognition> found) {
    var first =
        recipe.map(name -> Optional.of(named(name, found))).orElse(found.stream().findFirst());
    return Stream.concat(
            Stream.of(over(checkout, first)),
            found.stream().filter(other -> !Optional.of(other).equals(first)))
        .toList();
  }

  private static Recognition named(String name, List<Recognition> found) {
    return found.stream()
        .filter(recognition -> recognition.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidSpecException(
                    "%s: recipe is %s, and what fits the project is %s"
                        .formatted(
                            NAME,
                            name,
                            found.isEmpty()
                                ? "none; leave it out, and name commands under test"
                                : found.stream()
                                    .map(Recognition::name)
                                    .collect(Collectors.joining(", ")))));
  }

  private Recognition over(Checkout checkout, Optional<Recognition> recognised) {
    var files = new LinkedHashSet<>(recognised.map(Recognition::keyFiles).orElse(List.of()));
    keyFiles.stream().filter(checkout::hasFile).forEach(files::add);
    return new Recognition(
        recognised.map(Recognition::name).orElse("Other"),
        recognised.map(r -> r.evidence() + ", " + NAME).orElse(NAME),
        new ArrayList<>(files),
        recognised.map(Recognition::caches).orElse(List.of()),
        inside -> plan(recognised.map(r -> r.planner().plan(inside))),
        recognised.flatMap(Recognition::warmUp));
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

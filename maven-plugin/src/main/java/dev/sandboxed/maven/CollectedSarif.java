package dev.sandboxed.maven;

import dev.sandboxed.maven.report.Finding;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What came out of sandboxes in the SARIF files that a project names.
 *
 * @param named the files
 * @param written those that a command has written
 * @param findings what they tell
 * @param problems what could not be taken, and why
 */
record CollectedSarif(
    Set<String> named, Set<String> written, List<Finding> findings, List<String> problems) {
  /** Nothing of no files. */
  static final CollectedSarif NONE = new CollectedSarif(Set.of(), Set.of(), List.of(), List.of());

  CollectedSarif {
    named = Set.copyOf(named);
    written = Set.copyOf(written);
    findings = List.copyOf(findings);
    problems = List.copyOf(problems);
  }

  /** Returns what came out of this sandbox and of another. */
  CollectedSarif and(CollectedSarif other) {
    var allNamed = new LinkedHashSet<>(named);
    allNamed.addAll(other.named);
    var allWritten = new HashSet<>(written);
    allWritten.addAll(other.written);
    var allFindings = new ArrayList<>(findings);
    allFindings.addAll(other.findings);
    var allProblems = new ArrayList<>(problems);
    allProblems.addAll(other.problems);
    return new CollectedSarif(allNamed, allWritten, allFindings, allProblems);
  }

  /** Returns the problems, and files that are missing though all commands have run. */
  List<String> problemsAtEnd() {
    var all = new ArrayList<>(problems);
    named.stream()
        .filter(file -> !written.contains(file))
        .sorted()
        .map(file -> "The SARIF file %s was written by no command".formatted(SafeText.line(file)))
        .forEach(all::add);
    return all;
  }
}

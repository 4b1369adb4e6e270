package dev.sandboxed.maven;

import dev.sandboxed.Backend.Finding;
import java.util.List;
import java.util.Optional;

/**
 * The findings of a check, as a table.
 *
 * @param backend the backend that was checked
 * @param findings what it found
 */
record DoctorReport(String backend, List<Finding> findings) {

  DoctorReport {
    findings = List.copyOf(findings);
  }

  void show(Console console) {
    console.info("Sandboxes of the backend %s on this machine:".formatted(backend));
    var width = findings.stream().mapToInt(f -> f.topic().length()).max().orElse(1);
    for (var finding : findings) {
      var row =
          "%-7s  %s  %s"
              .formatted(
                  word(finding.level()),
                  finding.topic() + " ".repeat(width - finding.topic().length()),
                  SafeText.line(finding.detail()));
      var fix = " ".repeat(width + 11) + "Fix: " + SafeText.line(finding.fix());
      if (finding.level() == Finding.Level.OK) {
        console.info(row);
      } else {
        console.warn(row);
        if (!finding.fix().isEmpty()) {
          console.warn(fix);
        }
      }
    }
    console.info(
        failure().isEmpty()
            ? "Sandboxes work on this machine."
            : "Sandboxes do not work on this machine.");
  }

  /** Returns why sandboxes cannot run; empty if they can. */
  Optional<String> failure() {
    return Finding.obstacle(findings);
  }

  private static String word(Finding.Level level) {
    return switch (level) {
      case OK -> "ok";
      case WARNING -> "warning";
      case ERROR -> "ERROR";
    };
  }
}

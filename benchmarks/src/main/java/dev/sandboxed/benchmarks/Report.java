package dev.sandboxed.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What was measured, as people and programs read it.
 *
 * @param machine where
 * @param samples what was measured, filled as the benchmarks run
 * @param aims what was promised, filled as the benchmarks run
 */
record Report(Machine machine, List<Samples> samples, List<Aim> aims) {

  /** Written by hand, from measurements apart from this program's. */
  private static final String WHAT_BOUNDS_THEM =
      """
      ## What bounds the figures

      Measured on the same kind of machine, side by side, with the least of some dozens of runs and real-time
      priority where others worked on it.

      - **Start.** In a debug log of `runsc`, its own way to a started kernel takes the same 50 to 55 ms with our
        flags, mounts and limits as with the bare bundle. What comes on top is a keeper and its first stage in the
        namespaces, two starts of a Go program on the host (7 to 9 ms until `runsc` itself starts), the start of a
        Go program as process 1, 10 ms from the started kernel to its main function where the bare one runs 35
        bytes of machine code, 1 ms for the limit of processes, and the fork and execution of the first
        program inside, 4 to 6 ms in a fresh sandbox. These are needed by the design; only a sandbox that is
        already there, from a pool or a snapshot, starts without them.
      - **Exec.** An exec contains one fork and execution by a process inside, the row for reference. That alone
        is a fifth of `runsc exec`: five times faster leaves nothing for anything else. From the request's
        arrival to the result, the agent takes 0.2 ms before the fork and 0.2 ms after the exit; the way through
        the keeper to Java and back takes 0.8 ms.
      - **Copies.** Every byte is copied in the sandbox three times, twice in the keeper and three times in Java.
        A gigabyte in costs 2.0 s of processor time in the sandbox, most of it for new memory of the file, 0.6 s
        in the keeper and 0.4 s in a client that does nothing else; out it is 1.3, 0.5 and 0.3 s. Two processors
        share that.
      """;

  boolean aimsMet() {
    return aims.stream().allMatch(Aim::isMet);
  }

  String table() {
    var text = new StringBuilder(machine.sentence()).append("\n\n");
    var row = "%-58s %6s %10s %10s  %s%n";
    text.append(row.formatted("measured", "rounds", "median", "worst 5 %", "unit"));
    for (var s : samples) {
      text.append(
          row.formatted(
              s.name(),
              s.values().size(),
              number(s.median()),
              number(s.worst5Percent()),
              s.unit()));
    }
    text.append("\n%-58s %-14s %-14s %s%n".formatted("aim", "wanted", "found", "met"));
    for (var a : aims) {
      text.append(
          "%-58s %-14s %-14s %s%n"
              .formatted(a.what(), a.wanted(), a.found(), a.isMet() ? "yes" : "NO"));
    }
    return text.toString();
  }

  String markdown() {
    var text = new StringBuilder();
    text.append(
        """
        # Benchmarks

        `benchmarks/run` builds what it needs, measures and rewrites this page. Bare `runsc` and ours are
        measured in turn, in one run, so that a noisy machine hits both alike. *Bare* is gVisor's own command
        with nothing that costs time: a user namespace, an EROFS root, no network, attached. The program is
        one small static binary, the same for all. The worst 5 percent are the 95th percentile of a time and
        the 5th of a rate.

        """);
    text.append("Measured on: ").append(machine.sentence()).append(".\n\n");
    text.append(
        "| measured | rounds | median | worst 5 % | unit |\n| --- | --- | --- | --- | --- |\n");
    for (var s : samples) {
      text.append(
          "| %s | %d | %s | %s | %s |\n"
              .formatted(
                  s.name(),
                  s.values().size(),
                  number(s.median()),
                  number(s.worst5Percent()),
                  s.unit()));
    }
    text.append("\n| aim | wanted | found | met |\n| --- | --- | --- | --- |\n");
    for (var a : aims) {
      text.append(
          "| %s | %s | %s | %s |\n"
              .formatted(a.what(), a.wanted(), a.found(), a.isMet() ? "yes" : "no"));
    }
    text.append(
        "\nWith `-Dbenchmark.enforce=true` a missed aim fails the run. The samples are in"
            + " `benchmarks/target/benchmarks.json`.\n\n");
    return text.append(WHAT_BOUNDS_THEM).toString();
  }

  String json() {
    return """
    {
      "machine": {"processor": "%s", "cores": %d, "memory": "%s", "kernel": "%s", "java": "%s", "user": "%s", "date": "%s"},
      "samples": [
    %s
      ],
      "aims": [
    %s
      ]
    }
    """
        .formatted(
            machine.processor(),
            machine.cores(),
            machine.memory(),
            machine.kernel(),
            machine.java(),
            machine.user(),
            machine.date(),
            samples.stream().map(Report::json).collect(Collectors.joining(",\n")),
            aims.stream().map(Report::json).collect(Collectors.joining(",\n")));
  }

  private static String json(Samples s) {
    return String.format(
        Locale.ROOT,
        "    {\"name\": \"%s\", \"unit\": \"%s\", \"median\": %.4f, \"worst5Percent\": %.4f,"
            + " \"values\": [%s]}",
        s.name(),
        s.unit(),
        s.median(),
        s.worst5Percent(),
        s.values().stream()
            .map(v -> String.format(Locale.ROOT, "%.4f", v))
            .collect(Collectors.joining(", ")));
  }

  private static String json(Aim a) {
    return String.format(
        Locale.ROOT,
        "    {\"aim\": \"%s\", \"unit\": \"%s\", \"bound\": %.4f, \"atMost\": %b, \"measured\":"
            + " %.4f, \"met\": %b}",
        a.what(),
        a.unit(),
        a.bound(),
        a.atMost(),
        a.measured(),
        a.isMet());
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value);
  }
}

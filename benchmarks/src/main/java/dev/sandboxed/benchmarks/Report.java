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

      Measured apart from this program with a client in Go, on the same machine while others worked on it; most
      of it with real-time priority, which makes an exec shorter than it is in the table.

      - **Start.** By the debug log of `runsc`, its own way to a started kernel takes 50 to 55 ms at best with our
        flags, mounts and limits as with the bare bundle. What comes on top is a keeper (3 ms until it starts
        the next), its first stage in the namespaces, a second start of a Go program, and a Go program as
        process 1: at best 10 ms from the started kernel to its main function, for a Go program that only prints
        a byte too; then 1 ms for the limit of processes, and 4 to 6 ms from the request to the first byte of the
        first program. The design needs these; only a sandbox that is already there, from a pool or a snapshot,
        starts without them.
      - **Exec.** An exec contains one fork and execution by a process inside, the row for reference. Where that
        alone is a fifth of `runsc exec`, five times faster leaves nothing for anything else. Of 3.2 ms, the agent
        took 0.2 ms before the fork, 1.4 for it, 0.4 until the exit and 0.2 after it; 0.8 went on the way through
        the keeper and back.
      - **Copies.** A gigabyte in costs 2.0 s of processor time in the sandbox, 0.6 s in the keeper and 0.4 s in a
        client that does nothing with it; out it is 1.3, 0.5 and 0.3 s. Two processors share that, with Java's
        own work and the host's files.
      - **Snapshots.** Of what snapshotFilesystem() takes for 1 GiB, the store's own part is 1.5 s, 0.86 of them for
        the SHA-256 that names the layer; to make the file that the first start needs takes 0.9 s, in which the
        layer is read twice. Nothing waits for the disk, until there is more than the kernel keeps in memory: the third
        in a row took 4.5 and 3.0 s.
      - **Network.** Every packet out of a sandbox goes through two network stacks inside, the kernel's and the
        agent's, on its way to the keeper, and is one system call of the agent's, as is its acknowledgement; no
        packet can be larger than 64 KiB. A system call that does nothing takes 4 us inside where a processor is
        free to wait for it, and 40 us where none is, against 0.1 us outside; to wake another thread and be woken
        takes 80 us, against 3. A gibibyte is at least 16,400 packets and takes the sandbox 4 to 6 s of processor
        time, of which the agent and the program themselves have a seventh; keeper and server share two processors
        with them. A byte out and back takes 12 system calls of the agent and 10 of a program in Go. A tunnel needs
        one stack less.
      - **Suites.** Processor time of bare `runsc` with `/usr` and the checkout as on the host, of a machine full of
        other work, two runs each: 859 tests of more-itertools, which compute in one thread, 15.9 and 16.0 s,
        where the host took 15.2 and 15.8. To look at 8,012 files, open each and read its first 4 KiB, by
        Python, 2.9 to 4.4 s, the host 0.4; with a cache of 20,000 directory entries 3.0 and 3.3, without huge
        pages 3.2 and 3.8, without the waiting for system calls of its platform 2.7 and 2.7, but longer by the
        clock. To compile and run the unit tests of semver by Cargo, 4.3 and 6.6 s, the host 1.6 and 1.8. None of
        these three flags won more than the scatter of the figures; its platform on KVM did not come to the end of
        the files within a minute, inside a virtual machine.
      - **JVMs.** Of commons-lang3, on 2 processors beside other builds, inside and on the host: compiling 20.1 and
        16.2 s, its tests 40.3 and 25.6 s in a JVM with default flags, 36.1 and 34.0 s with the serial collector and
        the first compiler only. Without the second compiler they were quicker inside in three pairs of four (36.1,
        51.2, 42.7 and 59.3 s, where it was 40.3, 78.9, 47.3 and 39.6 before; a build began beside the last), and
        slower on the host in three of three. Which compilers run is for the project's POM to say, by Surefire's
        `argLine`. The sandbox's own kernel had 8 of the 46 seconds of processor time of three quarters of a run, so
        files and system calls explain a sixth at most. One log of the JVM's compilers, at a higher load: the first
        one needed 40 s to parse 4,500 methods, where the host's needed 1.4 s for 6,000, so it waited, while what it
        is to compile is interpreted. gVisor runs as many threads of a process as there are processors, and one that
        comes back from its kernel may wait 10 ms until another makes room; the test and two compilers are one more
        than there are processors. But with twice as many, in a gVisor changed for that, the tests took 63.7 and
        69.1 s, where they took 48.9 and 77.8, so that is not all of it. The serial collector alone, and a malloc
        that gives nothing back, won nothing.
      """;

  boolean aimsMet() {
    return aims.stream().allMatch(Aim::isMet);
  }

  String table() {
    var text = new StringBuilder(machine.sentence()).append("\n\n");
    var row = "%-58s %6s %10s %10s %10s  %s%n";
    text.append(row.formatted("measured", "rounds", "median", "worst 5 %", "worst 1 %", "unit"));
    for (var s : samples) {
      text.append(
          row.formatted(
              s.name(),
              s.values().size(),
              number(s.median()),
              number(s.worst5Percent()),
              number(s.worst1Percent()),
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

  /**
   * Returns the page.
   *
   * @param plots Markdown that shows the pictures
   */
  String markdown(String plots) {
    var text = new StringBuilder();
    text.append(
        """
        # Benchmarks

        `benchmarks/run` builds what it needs, measures and rewrites this page. Bare `runsc` and ours are
        measured in turn, in one run, so that a noisy machine hits both alike. *Bare* is gVisor's own command
        with nothing that costs time: a user namespace, an EROFS root, no network, attached. The program is
        one small static binary, the same for all. The worst 5 percent are the 95th percentile of a time and
        the 5th of a rate; the worst percent, which few rounds say little about, the 99th and the first.

        Plain Docker and Testcontainers are in the part `docker`, where an engine is there;
        `benchmarks/docker-engine benchmarks/run` starts one, with `runc` and with the same `runsc`. Their
        images have the same files as ours and are there already, containers have no network, and
        Testcontainers runs without its helper Ryuk: what costs them least.

        """);
    text.append("Measured on: ").append(machine.sentence()).append(".\n\n");
    text.append(
        "| measured | rounds | median | worst 5 % | worst 1 % | unit |\n"
            + "| --- | --- | --- | --- | --- | --- |\n");
    for (var s : samples) {
      text.append(
          "| %s | %d | %s | %s | %s | %s |\n"
              .formatted(
                  s.name(),
                  s.values().size(),
                  number(s.median()),
                  number(s.worst5Percent()),
                  number(s.worst1Percent()),
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
    text.append("## Pictures\n\n")
        .append("Bars are medians, the lines lead to the worst 5 percent.");
    text.append(" Blue is ours.\n\n").append(plots);
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
            + " \"worst1Percent\": %.4f, \"values\": [%s]}",
        s.name(),
        s.unit(),
        s.median(),
        s.worst5Percent(),
        s.worst1Percent(),
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

package dev.sandboxed.benchmarks;

/** How fast a program's stdout comes out. */
final class OutputBenchmark {
  private static final long BYTES = 1L << 30;

  private final Workbench bench;
  private final int rounds;

  OutputBenchmark(Workbench bench, int rounds) {
    this.bench = bench;
    this.rounds = rounds;
  }

  void run(Report report) throws Exception {
    try (var sandbox = bench.create()) {
      var samples =
          new Rounds("MiB/s")
              .measure(
                  "stdout: bare runsc run, 1 GiB through its pipe",
                  () -> {
                    try (var container = bench.bare().run(Workbench.PROBE, "pour", "" + BYTES)) {
                      return rate(container.stdout());
                    }
                  })
              .measure(
                  "stdout: ours, 1 GiB of an exec",
                  () -> {
                    try (var process = sandbox.exec(Workbench.PROBE, "pour", "" + BYTES).start()) {
                      return rate(process.stdout().stream());
                    }
                  })
              .run(1, rounds);
      report.samples().addAll(samples);
      report
          .aims()
          .add(Aim.atLeast("stdout: ours", "MB/s", 500, Clock.megabytes(samples.get(1).median())));
    }
  }

  private static double rate(java.io.InputStream out) throws Exception {
    Streams.firstByte(out, 0);
    return Clock.mebibytesPerSecond(
        BYTES - 1,
        () -> {
          Streams.drain(out, BYTES - 1);
          return System.nanoTime();
        });
  }
}

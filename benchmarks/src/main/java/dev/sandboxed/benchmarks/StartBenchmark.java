package dev.sandboxed.benchmarks;

/** From nothing to the first byte of a program inside. */
final class StartBenchmark {
  private final Workbench bench;
  private final int rounds;

  StartBenchmark(Workbench bench, int rounds) {
    this.bench = bench;
    this.rounds = rounds;
  }

  void run(Report report) throws Exception {
    var samples =
        new Rounds("ms")
            .measure("start: bare runsc run, to the first byte", this::bare)
            .measure("start: ours, create() to the first byte of an exec", this::ours)
            .run(5, rounds);
    report.samples().addAll(samples);
    report
        .aims()
        .add(
            Aim.atMost(
                "start: ours against bare runsc",
                "x",
                1.15,
                samples.get(1).median() / samples.get(0).median()));
  }

  private double bare() throws Exception {
    var started = System.nanoTime();
    try (var container = bench.bare().run(Workbench.STATIC_PROGRAM)) {
      return Streams.firstByte(container.stdout(), started);
    }
  }

  private double ours() throws Exception {
    var started = System.nanoTime();
    try (var sandbox = bench.create();
        var process = sandbox.exec(Workbench.STATIC_PROGRAM).start()) {
      return Streams.firstByte(process.stdout().stream(), started);
    }
  }
}

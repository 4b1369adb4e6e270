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
            .measure("start: bare runsc run, to the first byte", bench::firstByteOfBare)
            .measure("start: ours, create() to the first byte of an exec", bench::firstByteOfOurs)
            .run(5, rounds);
    report.samples().addAll(samples);
    report
        .aims()
        .add(
            Aim.atMost(
                "start: ours against bare runsc",
                "x",
                1.05,
                samples.get(1).median() / samples.get(0).median()));
  }
}

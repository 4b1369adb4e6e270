package dev.sandboxed.benchmarks;

import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.util.List;

/** One more program in a sandbox that runs. */
final class ExecBenchmark {
  private final Workbench bench;
  private final int rounds;

  ExecBenchmark(Workbench bench, int rounds) {
    this.bench = bench;
    this.rounds = rounds;
  }

  void run(Report report) throws Exception {
    try (var container = bench.bare().run(Workbench.PROBE, "wait");
        var sandbox = bench.create()) {
      Streams.firstByte(container.stdout(), System.nanoTime());
      var samples =
          new Rounds("ms")
              .measure("exec: bare runsc exec, to the end", () -> bare(container))
              .measure("exec: ours, to the end", () -> ours(sandbox))
              .run(10, rounds);
      report.samples().addAll(samples);
      var inside = inside(sandbox);
      report.samples().add(inside);
      report
          .aims()
          .add(
              Aim.atMost(
                  "exec: ours against a fork and exec inside",
                  "x",
                  1.5,
                  samples.get(1).median() / inside.median()));
      report
          .aims()
          .add(
              Aim.atLeast(
                  "exec: ours faster than runsc exec",
                  "x",
                  5,
                  samples.get(0).median() / samples.get(1).median()));
    }
  }

  private static double bare(BareRunsc.Container container) throws Exception {
    return Clock.millis(
        () -> {
          var process = container.exec(Workbench.STATIC_PROGRAM);
          Streams.drain(process.getInputStream(), 1);
          if (process.waitFor() != 0) {
            throw new IOException("runsc exec ended with " + process.exitValue());
          }
          return System.nanoTime();
        });
  }

  private static double ours(Sandbox sandbox) throws Exception {
    return Clock.millis(
        () -> {
          var result = sandbox.exec(Workbench.STATIC_PROGRAM).await();
          if (!result.stdout().equals("x")) {
            throw new IOException("Not what was expected: " + result);
          }
          return System.nanoTime();
        });
  }

  /** Asks a program inside to take the time, so that nothing of ours is in it. */
  private Samples inside(Sandbox sandbox) {
    var result =
        sandbox
            .exec(Workbench.PROBE, "spawn", Integer.toString(rounds), Workbench.STATIC_PROGRAM)
            .await();
    List<Double> millis =
        result.stdout().lines().map(line -> Double.parseDouble(line) / 1e3).toList();
    return new Samples("exec: fork and exec by a process inside, for reference", "ms", millis);
  }
}

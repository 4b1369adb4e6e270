package dev.sandboxed.benchmarks;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.Image;
import dev.sandboxed.PoolLimits;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxPool;
import dev.sandboxed.SandboxSpec;
import java.time.Duration;

/** A sandbox that is created when it is needed against one that was prepared before. */
final class PoolBenchmark {
  /** How many sandboxes follow each other where the whole is measured. */
  private static final int ROW = 20;

  private static final Duration LIFE = Duration.ofMinutes(30);
  private static final long WORK_NANOS = Duration.ofMillis(100).toNanos();

  private final Workbench bench;
  private final int rounds;
  private final int rows;

  PoolBenchmark(Workbench bench, int rounds, int rows) {
    this.bench = bench;
    this.rounds = rounds;
    this.rows = rows;
  }

  void run(Report report) throws Exception {
    try (var backend = Backends.open();
        var pool = SandboxPool.open(backend, PoolLimits.ofMachine())) {
      // Files of the host would be looked at again, so the image is one of the store's own.
      var image = image(backend);
      try {
        run(backend, pool, Sandbox.builder().image(image).build(), report);
      } finally {
        backend.images().remove(image);
      }
    }
  }

  private Image.SnapshotImage image(Backend backend) {
    try (var sandbox =
        backend.create(Sandbox.builder().image(Image.directory(bench.image())).build())) {
      return sandbox.snapshotFilesystem(LIFE);
    }
  }

  private void run(Backend backend, SandboxPool pool, SandboxSpec spec, Report report)
      throws Exception {
    var single =
        new Rounds("ms")
            .measure("pool: create() and an exec to its end", () -> created(backend, spec))
            .measure(
                "pool: acquire() and an exec to its end, nothing else starting",
                () -> acquired(pool, spec, 1))
            .measure(
                "pool: acquire() and an exec to its end, while the next one starts",
                () -> acquired(pool, spec, 2))
            .run(3, rounds);
    report.samples().addAll(single);
    report
        .aims()
        .add(
            Aim.atMost("pool: acquire() and an exec to its end", "ms", 10, single.get(1).median()));
    report
        .samples()
        .addAll(
            new Rounds("ms")
                .measure(
                    "pool: 20 in a row with an exec, each created", () -> created(backend, spec, 0))
                .measure("pool: 20 in a row with an exec, pooled", () -> pooled(pool, spec, 0))
                .measure(
                    "pool: 20 in a row with 100 ms of a processor's work, each created",
                    () -> created(backend, spec, WORK_NANOS))
                .measure(
                    "pool: 20 in a row with 100 ms of a processor's work, pooled",
                    () -> pooled(pool, spec, WORK_NANOS))
                .run(1, rows));
  }

  private static double created(Backend backend, SandboxSpec spec) throws Exception {
    var begun = System.nanoTime();
    try (var sandbox = backend.create(spec)) {
      return first(sandbox, begun);
    }
  }

  private static double acquired(SandboxPool pool, SandboxSpec spec, int expected)
      throws Exception {
    prepare(pool, spec, expected);
    var begun = System.nanoTime();
    try (var sandbox = pool.acquire(spec)) {
      return first(sandbox, begun);
    } finally {
      pool.expect(spec, 0);
    }
  }

  /** Tells a pool what will be needed, and waits until the first of them is there. */
  static void prepare(SandboxPool pool, SandboxSpec spec, int expected)
      throws InterruptedException {
    var prepared = pool.statistics().prepared();
    pool.expect(spec, expected);
    while (pool.statistics().prepared() == prepared) {
      Thread.sleep(5);
    }
  }

  private static double first(Sandbox sandbox, long begun) throws Exception {
    sandbox.exec(Workbench.STATIC_PROGRAM).await();
    return (System.nanoTime() - begun) / 1e6;
  }

  private static double created(Backend backend, SandboxSpec spec, long work) throws Exception {
    return Clock.millis(
        () -> {
          for (var i = 0; i < ROW; i++) {
            try (var sandbox = backend.create(spec)) {
              use(sandbox, work);
            }
          }
          return System.nanoTime();
        });
  }

  private static double pooled(SandboxPool pool, SandboxSpec spec, long work) throws Exception {
    return Clock.millis(
        () -> {
          pool.expect(spec, ROW);
          for (var i = 0; i < ROW; i++) {
            try (var sandbox = pool.acquire(spec)) {
              use(sandbox, work);
            }
          }
          return System.nanoTime();
        });
  }

  private static void use(Sandbox sandbox, long work) {
    sandbox.exec(Workbench.STATIC_PROGRAM).await();
    var end = System.nanoTime() + work;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }
}

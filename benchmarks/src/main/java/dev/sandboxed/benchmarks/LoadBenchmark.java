package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Starts under load: one after the other, one every so often whether or not those before are there,
 * and all at once. Each is measured from its own beginning to the first byte.
 */
final class LoadBenchmark {
  /** Slow enough for two processors to keep up with either. */
  private static final long GAP_NANOS = 200_000_000;

  private static final int WARMUPS = 3;
  private static final double MOST_TIMES_BOUND = 2;

  private final Workbench bench;
  private final int count;

  LoadBenchmark(Workbench bench, int count) {
    this.bench = bench;
    this.count = count;
  }

  /** Who starts, and how one is started. */
  private record Kind(String name, Callable<Double> start) {}

  void run(Report report) throws Exception {
    var bare = new Kind("bare runsc run", bench::firstByteOfBare);
    var ours = new Kind("ours", bench::firstByteOfOurs);
    for (var kind : List.of(bare, ours)) {
      for (var i = 0; i < WARMUPS; i++) {
        kind.start().call();
      }
    }
    var before = childrensSeconds();
    keep(report, "load: %d one after the other: ", bare, sequential(bare));
    var boundMillis =
        (childrensSeconds() - before) * 1000 / Runtime.getRuntime().availableProcessors();
    keep(report, "load: %d one after the other: ", ours, sequential(ours));
    for (var kind : List.of(bare, ours)) {
      keep(report, "load: %d, one every 200 ms: ", kind, atOnce(kind, GAP_NANOS));
    }
    keep(report, "load: %d at once: ", bare, atOnce(bare, 0));
    var burst = atOnce(ours, 0);
    var times = keep(report, "load: %d at once: ", ours, burst);
    report
        .samples()
        .add(
            new Samples(
                "load: %d at once: all processors' time that bare ones need".formatted(count),
                "ms",
                List.of(boundMillis)));
    var what = "load: %d at once: ours, ".formatted(count);
    report
        .aims()
        .add(Aim.atLeast(what + "that start", "%", 100, 100.0 * times.values().size() / count));
    report
        .aims()
        .add(
            Aim.atMost(
                what + "worst 1 % against that time",
                "x",
                MOST_TIMES_BOUND,
                times.worst1Percent() / boundMillis));
  }

  /** Keeps the times of those that started, and says why others did not. */
  private Samples keep(Report report, String what, Kind kind, List<Future<Double>> starts)
      throws InterruptedException {
    var name = what.formatted(count) + kind.name();
    var times = new ArrayList<Double>();
    var failures = new ArrayList<Throwable>();
    for (var start : starts) {
      try {
        times.add(start.get());
      } catch (ExecutionException e) {
        failures.add(e.getCause());
      }
    }
    if (!failures.isEmpty()) {
      System.err.printf(
          "%s: %d failed, the first with %s%n", name, failures.size(), failures.get(0));
    }
    if (times.isEmpty()) {
      throw new IllegalStateException(name + ": not one started", failures.get(0));
    }
    var samples = new Samples(name, "ms", times);
    report.samples().add(samples);
    return samples;
  }

  private List<Future<Double>> sequential(Kind kind) throws Exception {
    return gather(
        Executors.newSingleThreadExecutor(),
        executor -> Stream.generate(() -> executor.submit(kind.start())).limit(count).toList());
  }

  /** Starts all at once, or each so long after the one before. */
  private List<Future<Double>> atOnce(Kind kind, long gapNanos) throws Exception {
    return gather(
        Executors.newFixedThreadPool(count),
        executor -> {
          var starts = new ArrayList<Future<Double>>();
          var next = System.nanoTime();
          for (var i = 0; i < count; i++) {
            starts.add(executor.submit(kind.start()));
            next += gapNanos;
            for (var left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
              LockSupport.parkNanos(left);
            }
          }
          return starts;
        });
  }

  private interface Submission {
    List<Future<Double>> to(ExecutorService executor);
  }

  private static List<Future<Double>> gather(ExecutorService executor, Submission submission)
      throws InterruptedException {
    try {
      return submission.to(executor);
    } finally {
      executor.shutdown();
      executor.awaitTermination(1, TimeUnit.HOURS);
    }
  }

  /** Returns how long the processes that this one started have worked, by proc(5), once ended. */
  private static double childrensSeconds() throws IOException {
    var stat = Files.readString(Path.of("/proc/self/stat"));
    // What follows the name, which is in brackets, begins with field 3: state. cutime and cstime
    // are fields 16 and 17, in hundredths of seconds.
    var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[16 - 3]) + Long.parseLong(fields[17 - 3])) / 100.0;
  }
}

package dev.sandboxed.benchmarks;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;

/**
 * Many sandboxes that live at once: what each costs, how long an exec in one of them takes, and how
 * long it takes to list and to end them.
 */
final class ManyBenchmark {
  /** More of them only wait for each other on a few processors. */
  private static final int STARTED_AT_ONCE = 8;

  private static final int LISTS = 5;
  private static final int EXECS = 30;
  private static final Duration IDLE = Duration.ofSeconds(10);
  private static final double MOST_LIST_MILLIS = 1000;
  private static final double MOST_END_MILLIS = 10_000;
  private static final double MOST_MEGABYTES = 20;

  private final Workbench bench;
  private final int count;
  private final String app = "many-" + UUID.randomUUID();

  ManyBenchmark(Workbench bench, int count) {
    this.bench = bench;
    this.count = count;
  }

  void run(Report report) throws Exception {
    var name = "many: %d live: ".formatted(count);
    var quiet = idle();
    var free = availableKibibytes();
    var sandboxes = new ArrayList<Sandbox>();
    double started;
    var execs = new ArrayList<Double>();
    var lists = new ArrayList<Double>();
    double ended;
    double each;
    double work;
    try {
      started = Clock.millis(() -> start(sandboxes));
      each = (free - availableKibibytes()) / 1024.0 / count;
      for (var sandbox : sandboxes) {
        sandbox.exec(Workbench.STATIC_PROGRAM).await();
      }
      for (var i = 0; i < EXECS; i++) {
        var sandbox = sandboxes.get(i % count);
        execs.add(
            Clock.millis(
                () -> {
                  sandbox.exec(Workbench.STATIC_PROGRAM).await();
                  return System.nanoTime();
                }));
      }
      for (var i = 0; i < LISTS; i++) {
        lists.add(Clock.millis(this::list));
      }
      work = Math.max(0, idle() - quiet) / count;
      ended = Clock.millis(() -> end(sandboxes));
    } finally {
      end(sandboxes);
    }
    var samples = report.samples();
    samples.add(new Samples(name + "start all", "ms", List.of(started)));
    samples.add(new Samples(name + "memory of each", "MiB", List.of(each)));
    samples.add(new Samples(name + "a processor's time for each, idle", "ppm", List.of(work)));
    samples.add(new Samples(name + "an exec in one, to its end", "ms", execs));
    samples.add(new Samples(name + "list all", "ms", lists));
    samples.add(new Samples(name + "end all", "ms", List.of(ended)));
    report
        .aims()
        .add(Aim.atMost(name + "memory of each", "MB", MOST_MEGABYTES, Clock.megabytes(each)));
    report.aims().add(Aim.atMost(name + "list all", "ms", MOST_LIST_MILLIS, slowest(lists)));
    report.aims().add(Aim.atMost(name + "end all", "ms", MOST_END_MILLIS, ended));
  }

  /**
   * Returns the parts per million of a second that the machine's processors work while nothing is
   * asked.
   */
  private static double idle() throws IOException, InterruptedException {
    var before = busyHundredths();
    Thread.sleep(IDLE.toMillis());
    return (busyHundredths() - before) * 10_000.0 / IDLE.toSeconds();
  }

  /**
   * Returns how long the machine's processors have worked, in hundredths of seconds, by proc(5).
   */
  private static long busyHundredths() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/stat"))) {
      var fields = lines.findFirst().orElseThrow().trim().split("\\s+");
      // cpu user nice system idle iowait irq softirq steal: what is idle or waits is not work.
      return IntStream.of(1, 2, 3, 6, 7).mapToLong(i -> Long.parseLong(fields[i])).sum();
    }
  }

  private long start(List<Sandbox> sandboxes) throws InterruptedException {
    var starting = new Semaphore(STARTED_AT_ONCE);
    var futures = new ArrayList<CompletableFuture<Sandbox>>();
    for (var i = 0; i < count; i++) {
      starting.acquire();
      var future = bench.builder().app(app).createAsync();
      future.whenComplete((sandbox, failure) -> starting.release());
      futures.add(future);
    }
    CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
        .handle((done, failure) -> failure)
        .join();
    for (var future : futures) {
      if (!future.isCompletedExceptionally()) {
        sandboxes.add(future.join());
      }
    }
    futures.forEach(CompletableFuture::join);
    return System.nanoTime();
  }

  private long list() {
    var found = Sandbox.list(SandboxFilter.all().app(app)).size();
    var now = System.nanoTime();
    if (found != count) {
      throw new IllegalStateException("%d of %d sandboxes are listed".formatted(found, count));
    }
    return now;
  }

  private static long end(List<Sandbox> sandboxes) {
    var ends = sandboxes.stream().map(Sandbox::terminate).toList();
    ends.forEach(CompletableFuture::join);
    return System.nanoTime();
  }

  private static double slowest(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }

  private static long availableKibibytes() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .filter(line -> line.startsWith("MemAvailable:"))
          .map(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }
}

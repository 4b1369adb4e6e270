package dev.sandboxed.benchmarks;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/** Many sandboxes that live at once: what each costs, how long it takes to list and to end them. */
final class ManyBenchmark {
  /** More of them only wait for each other on a few processors. */
  private static final int STARTED_AT_ONCE = 8;

  private static final int LISTS = 5;
  private static final double MOST_LIST_MILLIS = 1000;
  private static final double MOST_END_MILLIS = 10_000;

  private final Workbench bench;
  private final int count;
  private final String app = "many-" + UUID.randomUUID();

  ManyBenchmark(Workbench bench, int count) {
    this.bench = bench;
    this.count = count;
  }

  void run(Report report) throws Exception {
    var all = " all of %d".formatted(count);
    var free = availableKibibytes();
    var sandboxes = new ArrayList<Sandbox>();
    double started;
    var lists = new ArrayList<Double>();
    double ended;
    double each;
    try {
      started = Clock.millis(() -> start(sandboxes));
      each = (free - availableKibibytes()) / 1024.0 / count;
      for (var sandbox : sandboxes) {
        sandbox.exec(Workbench.STATIC_PROGRAM).await();
      }
      for (var i = 0; i < LISTS; i++) {
        lists.add(Clock.millis(this::list));
      }
      ended = Clock.millis(() -> end(sandboxes));
    } finally {
      end(sandboxes);
    }
    report.samples().add(new Samples("many: start" + all, "ms", List.of(started)));
    report.samples().add(new Samples("many: memory of each", "MiB", List.of(each)));
    report.samples().add(new Samples("many: list" + all, "ms", lists));
    report.samples().add(new Samples("many: end" + all, "ms", List.of(ended)));
    report.aims().add(Aim.atMost("many: list" + all, "ms", MOST_LIST_MILLIS, slowest(lists)));
    report.aims().add(Aim.atMost("many: end" + all, "ms", MOST_END_MILLIS, ended));
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

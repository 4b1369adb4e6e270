package dev.sandboxed.benchmarks;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** Snapshots of memory as more and more of it is touched, and copies started from them. */
final class MemoryBenchmark {
  private static final int[] MEBIBYTES = {1, 64, 256, 1024};
  private static final int AT_ONCE = 20;

  private final Workbench bench;
  private final int rounds;
  private final Path work;

  MemoryBenchmark(Workbench bench, int rounds, Path work) {
    this.bench = bench;
    this.rounds = rounds;
    this.work = work;
  }

  void run(Report report) throws Exception {
    try (var backend = Backends.open()) {
      for (var size : MEBIBYTES) {
        run(backend, size, report);
      }
    }
  }

  private void run(Backend backend, int mebibytes, Report report) throws Exception {
    var what = "memory: %d MiB touched: ".formatted(mebibytes);
    var bytes = Long.toString((long) mebibytes << 20);
    var spec =
        Sandbox.builder().image(Image.directory(bench.image())).disk(ByteSize.parse("4g")).build();
    var taken = new ArrayList<MemorySnapshot>();
    try (var sandbox = backend.create(spec);
        var container = bench.bare().run(Workbench.PROBE, "fill", bytes, "/data")) {
      Streams.firstByte(container.stdout(), System.nanoTime());
      fill(sandbox, bytes);
      report
          .samples()
          .addAll(
              new Rounds("ms")
                  .measure(what + "bare runsc checkpoint", () -> bareCheckpoint(container))
                  .measure(what + "snapshot()", () -> snapshot(sandbox, taken))
                  .run(1, rounds));
      var last = taken.get(taken.size() - 1);
      report
          .samples()
          .addAll(
              new Rounds("ms")
                  .measure(what + "start() of a copy, to the first byte", () -> firstByte(last))
                  .run(1, rounds));
      if (mebibytes == MEBIBYTES[0]) {
        report
            .samples()
            .add(
                new Samples(
                    what + AT_ONCE + " copies at once, each to the first byte",
                    "ms",
                    atOnce(last)));
      }
    } finally {
      taken.forEach(MemorySnapshot::remove);
    }
  }

  private static void fill(Sandbox sandbox, String bytes) throws Exception {
    try (var filling = sandbox.exec(Workbench.PROBE, "fill", bytes, "/data").start()) {
      Streams.firstByte(filling.stdout().stream(), System.nanoTime());
    }
  }

  private double bareCheckpoint(BareRunsc.Container container) throws Exception {
    var directory = Files.createDirectory(work.resolve("checkpoint"));
    try {
      return Clock.millis(
          () -> {
            var process = container.checkpoint(directory);
            if (process.waitFor() != 0) {
              throw new IOException("runsc checkpoint ended with " + process.exitValue());
            }
            return System.nanoTime();
          });
    } finally {
      try (var files = Files.walk(directory)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** Only the last one is kept: each is as large as the memory. */
  private static double snapshot(Sandbox sandbox, List<MemorySnapshot> taken) throws Exception {
    taken.forEach(MemorySnapshot::remove);
    taken.clear();
    return Clock.millis(
        () -> {
          taken.add(sandbox.snapshot());
          return System.nanoTime();
        });
  }

  private static double firstByte(MemorySnapshot snapshot) throws Exception {
    var started = System.nanoTime();
    try (var sandbox = snapshot.start();
        var process = sandbox.exec(Workbench.STATIC_PROGRAM).start()) {
      return Streams.firstByte(process.stdout().stream(), started);
    }
  }

  private static List<Double> atOnce(MemorySnapshot snapshot) throws Exception {
    var executor = Executors.newFixedThreadPool(AT_ONCE);
    try {
      var copies = new ArrayList<Callable<Double>>();
      for (var i = 0; i < AT_ONCE; i++) {
        copies.add(() -> firstByte(snapshot));
      }
      var times = new ArrayList<Double>();
      for (var copy : executor.invokeAll(copies)) {
        times.add(copy.get());
      }
      return times;
    } finally {
      executor.shutdown();
    }
  }
}

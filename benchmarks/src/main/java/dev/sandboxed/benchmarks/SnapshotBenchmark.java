package dev.sandboxed.benchmarks;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.ByteSize;
import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Snapshots of file systems as more and more is changed, and the start from them. */
final class SnapshotBenchmark {
  private static final int[] MEBIBYTES = {1, 64, 256, 1024};
  private static final Duration LIFE = Duration.ofMinutes(30);

  private final Workbench bench;
  private final int rounds;
  private final Path work;

  SnapshotBenchmark(Workbench bench, int rounds, Path work) {
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
    var what = "snapshot: %d MiB changed: ".formatted(mebibytes);
    var bytes = Long.toString((long) mebibytes << 20);
    var spec =
        Sandbox.builder().image(Image.directory(bench.image())).disk(ByteSize.parse("4g")).build();
    var taken = new ArrayList<Image.SnapshotImage>();
    try (var sandbox = backend.create(spec);
        var container = bench.bare().run(Workbench.PROBE, "fill", bytes, "/data")) {
      Streams.firstByte(container.stdout(), System.nanoTime());
      fill(sandbox, bytes);
      var samples =
          new Rounds("ms")
              .measure(what + "bare runsc tar rootfs-upper", () -> bareTar(container))
              .measure(what + "snapshotFilesystem()", () -> snapshot(sandbox, taken))
              .run(1, rounds);
      report.samples().addAll(samples);
      var first = new ArrayList<Double>();
      var next = new ArrayList<Double>();
      for (var image : taken.subList(1, taken.size())) {
        first.add(firstByte(backend, image));
        next.add(firstByte(backend, image));
      }
      report
          .samples()
          .add(new Samples(what + "first start from it, to the first byte", "ms", first));
      report.samples().add(new Samples(what + "next start from it, to the first byte", "ms", next));
    } finally {
      taken.forEach(backend.images()::remove);
    }
  }

  private static void fill(Sandbox sandbox, String bytes) throws Exception {
    try (var filling = sandbox.exec(Workbench.PROBE, "fill", bytes, "/data").start()) {
      Streams.firstByte(filling.stdout().stream(), System.nanoTime());
    }
  }

  private double bareTar(BareRunsc.Container container) throws Exception {
    var file = work.resolve("upper.tar");
    try {
      return Clock.millis(
          () -> {
            var process = container.upper(file);
            if (process.waitFor() != 0) {
              throw new IOException("runsc tar ended with " + process.exitValue());
            }
            return System.nanoTime();
          });
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Each has a file more than the one before, so that none is known already. */
  private static double snapshot(Sandbox sandbox, List<Image.SnapshotImage> taken)
      throws Exception {
    sandbox.files().write("/data/round", "round " + taken.size());
    return Clock.millis(
        () -> {
          taken.add(sandbox.snapshotFilesystem(LIFE));
          return System.nanoTime();
        });
  }

  private static double firstByte(Backend backend, Image image) throws Exception {
    var started = System.nanoTime();
    try (var sandbox = backend.create(Sandbox.builder().image(image).build());
        var process = sandbox.exec(Workbench.STATIC_PROGRAM).start()) {
      return Streams.firstByte(process.stdout().stream(), started);
    }
  }
}

package dev.sandboxed.benchmarks;

import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Copying one large file in and out. */
final class CopyBenchmark {
  private static final long BYTES = 1L << 30;

  private final Workbench bench;
  private final int rounds;
  private final Path work;

  CopyBenchmark(Workbench bench, int rounds, Path work) {
    this.bench = bench;
    this.rounds = rounds;
    this.work = work;
  }

  void run(Report report) throws Exception {
    var source = file();
    var target = work.resolve("back");
    try (var sandbox = bench.create()) {
      var samples =
          new Rounds("MiB/s")
              .measure("copy: host to host, 1 GiB, for reference", () -> host(source, target))
              .measure("copy: in, 1 GiB", () -> in(sandbox, source))
              .measure("copy: out, 1 GiB", () -> out(sandbox, target))
              .run(1, rounds);
      report.samples().addAll(samples);
      for (var s : samples.subList(1, 3)) {
        report.aims().add(Aim.atLeast(s.name(), "MB/s", 500, Clock.megabytes(s.median())));
      }
    } finally {
      Files.deleteIfExists(source);
      Files.deleteIfExists(target);
    }
  }

  /** Makes a file without holes, so that every byte has to be moved. */
  private Path file() throws IOException {
    var file = work.resolve("copied");
    var block = new byte[1 << 20];
    new Random(1).nextBytes(block);
    try (var out = Files.newOutputStream(file)) {
      for (var written = 0L; written < BYTES; written += block.length) {
        out.write(block);
      }
    }
    return file;
  }

  private static double host(Path source, Path target) throws Exception {
    var rate =
        Clock.mebibytesPerSecond(
            BYTES,
            () -> {
              // Through a buffer, as a copy into another system must; no reflink, no shortcut.
              try (var in = Files.newInputStream(source);
                  var out = Files.newOutputStream(target)) {
                var buffer = new byte[1 << 18];
                for (var n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                  out.write(buffer, 0, n);
                }
              }
              return System.nanoTime();
            });
    Files.delete(target);
    return rate;
  }

  private static double in(Sandbox sandbox, Path source) throws Exception {
    if (sandbox.files().exists("/tmp/in")) {
      sandbox.files().remove("/tmp/in");
    }
    return Clock.mebibytesPerSecond(
        BYTES,
        () -> {
          sandbox.files().copyIn(source, "/tmp/in");
          return System.nanoTime();
        });
  }

  private static double out(Sandbox sandbox, Path target) throws Exception {
    var rate =
        Clock.mebibytesPerSecond(
            BYTES,
            () -> {
              sandbox.files().copyOut("/tmp/in", target);
              return System.nanoTime();
            });
    if (Files.size(target) != BYTES) {
      throw new IOException("The copy has " + Files.size(target) + " bytes");
    }
    Files.delete(target);
    return rate;
  }
}

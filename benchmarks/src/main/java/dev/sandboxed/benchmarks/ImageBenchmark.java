package dev.sandboxed.benchmarks;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import dev.sandboxed.core.image.ImageStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/**
 * From an image's name to the first byte of a program in it, cold and cached, and from its layer to
 * a file system.
 *
 * <p>The image has 2,000 files of 128 MiB together, about half of which gzip takes away, in one
 * layer.
 */
final class ImageBenchmark {
  private static final int FILES = 2_000;
  private static final long BYTES = 128L << 20;
  private static final String INSECURE = "sandboxed.registry.insecure";
  private static final String NAME = "image";

  private final Workbench bench;
  private final int rounds;
  private final int copies;
  private final Path work;

  ImageBenchmark(Workbench bench, int rounds, int copies, Path work) {
    this.bench = bench;
    this.rounds = rounds;
    this.copies = copies;
    this.work = work.resolve("images");
  }

  void run(Report report) throws Exception {
    Trees.remove(work);
    var tree = tree(Files.createDirectories(work.resolve("tree")));
    try (var server = new LayoutServer(Files.createDirectories(work.resolve("layouts")))) {
      System.setProperty(INSECURE, server.host());
      try (var backend = Backends.open()) {
        starts(backend, server, tree, report);
        colds(backend, server, tree, report);
        unpacking(report);
      } finally {
        System.clearProperty(INSECURE);
      }
    } finally {
      Trees.remove(work);
    }
  }

  /** Makes the files; half of each can be compressed. */
  private Path tree(Path tree) throws IOException {
    var random = new Random(1);
    for (var name : new String[] {"dev", "proc", "tmp"}) {
      Files.createDirectories(tree.resolve(name));
    }
    Files.copy(
        bench.image().resolve(Workbench.STATIC_PROGRAM.substring(1)),
        tree.resolve(Workbench.STATIC_PROGRAM.substring(1)),
        java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
    var left = BYTES;
    for (var i = 0; i < FILES; i++) {
      // From a few bytes to twice the mean, as in real images most files are small.
      var mean = left / (FILES - i);
      var size = i == FILES - 1 ? left : (long) (random.nextDouble() * 2 * mean);
      var bytes = new byte[(int) size];
      random.nextBytes(bytes);
      for (var at = 0; at < bytes.length / 2; at++) {
        bytes[at] = (byte) ('a' + (bytes[at] & 3));
      }
      var directory = Files.createDirectories(tree.resolve("usr/" + i / 100));
      Files.write(directory.resolve("file" + i), bytes);
      left -= size;
    }
    return tree;
  }

  private void starts(Backend backend, LayoutServer server, Path tree, Report report)
      throws Exception {
    backend.images().exportLayout(Image.directory(tree), work.resolve("layouts/cached"), NAME);
    var registry = Image.registry(server.host() + "/cached:1");
    var directory = Image.directory(tree);
    var samples =
        new Rounds("ms")
            .measure(
                "image: Image.directory, create() to the first byte",
                () -> firstByte(backend, directory))
            .measure(
                "image: a registry's, cached, create() to the first byte",
                () -> firstByte(backend, registry))
            .run(3, rounds);
    report.samples().addAll(samples);
    report
        .aims()
        .add(
            Aim.atMost(
                "image: a registry's, cached, against Image.directory",
                "x",
                1.05,
                samples.get(1).median() / samples.get(0).median()));
  }

  /** Another configuration makes another image, whose layers are fetched anew. */
  private void colds(Backend backend, LayoutServer server, Path tree, Report report)
      throws Exception {
    var times = new ArrayList<Double>();
    for (var i = 0; i < copies; i++) {
      var name = "cold" + System.nanoTime();
      backend
          .images()
          .exportLayout(
              Image.directory(tree).env("ROUND", name),
              work.resolve("layouts").resolve(name),
              NAME);
      times.add(firstByte(backend, Image.registry(server.host() + "/" + name + ":1")));
    }
    report
        .samples()
        .add(
            new Samples(
                "image: a registry's, cold, 128 MiB, create() to the first byte", "ms", times));
  }

  private static double firstByte(Backend backend, Image image) throws Exception {
    var started = System.nanoTime();
    try (var sandbox = backend.create(Sandbox.builder().image(image).build());
        var process = sandbox.exec(Workbench.STATIC_PROGRAM).start()) {
      return Streams.firstByte(process.stdout().stream(), started);
    }
  }

  private void unpacking(Report report) throws Exception {
    var layout = work.resolve("layouts/cached");
    var layer = largest(layout.resolve("blobs/sha256"));
    var rates =
        new Rounds("MiB/s")
            .measure(
                "image: gzip -dc of the layer, for reference",
                () -> rate(List.of("gzip", "-dc", layer.toString())))
            .measure("image: ours, the layer to an EROFS file", () -> ours(layout));
    var umoci = isThere("umoci");
    if (umoci) {
      rates.measure("image: umoci unpack, the layer to a directory", () -> umoci(layout, false));
    }
    if (umoci && isThere("mkfs.erofs")) {
      rates.measure("image: umoci unpack, then mkfs.erofs", () -> umoci(layout, true));
    }
    var samples = rates.run(1, copies);
    report.samples().addAll(samples);
    report
        .aims()
        .add(
            Aim.atLeast(
                "image: ours, the layer to an EROFS file, against gzip",
                "x",
                1,
                samples.get(1).median() / samples.get(0).median()));
  }

  private double ours(Path layout) throws Exception {
    var directory = work.resolve("store");
    try (var store = ImageStore.open(directory)) {
      return Clock.mebibytesPerSecond(
          BYTES,
          () -> {
            store.prepare(Image.layout(layout, NAME));
            return System.nanoTime();
          });
    } finally {
      Trees.remove(directory);
    }
  }

  private double umoci(Path layout, boolean erofs) throws Exception {
    var bundle = work.resolve("bundle");
    var image = work.resolve("umoci.erofs");
    var unpack = new ArrayList<>(List.of("umoci", "unpack", "--image", layout + ":" + NAME));
    if (!System.getProperty("user.name").equals("root")) {
      unpack.add("--rootless");
    }
    unpack.add(bundle.toString());
    try {
      return Clock.mebibytesPerSecond(
          BYTES,
          () -> {
            finish(unpack);
            if (erofs) {
              finish(
                  List.of(
                      "mkfs.erofs",
                      "-E",
                      "noinline_data",
                      "-T0",
                      image.toString(),
                      bundle.resolve("rootfs").toString()));
            }
            return System.nanoTime();
          });
    } finally {
      Trees.remove(bundle);
      Files.deleteIfExists(image);
    }
  }

  private static double rate(List<String> command) throws Exception {
    return Clock.mebibytesPerSecond(
        BYTES,
        () -> {
          finish(command);
          return System.nanoTime();
        });
  }

  private static void finish(List<String> command) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(command + " ended with " + process.exitValue());
    }
  }

  private static boolean isThere(String program) {
    for (var directory : (System.getenv("PATH") + ":/usr/sbin:/sbin").split(":")) {
      if (Files.isExecutable(Path.of(directory, program))) {
        return true;
      }
    }
    System.err.println("There is no " + program + " to compare with: its rows are left out.");
    return false;
  }

  private static Path largest(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files
          .max(Comparator.comparingLong((Path file) -> file.toFile().length()))
          .orElseThrow();
    }
  }
}

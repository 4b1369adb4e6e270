package dev.sandboxed.benchmarks;

import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/**
 * Plain Docker and Testcontainers, by each runtime that the engine has, against ours: from nothing
 * to the first output, and one more program.
 */
final class DockerBenchmark {
  private final Workbench bench;
  private final int rounds;

  DockerBenchmark(Workbench bench, int rounds) {
    this.bench = bench;
    this.rounds = rounds;
  }

  void run(Report report, DockerEngine engine) throws Exception {
    try (var image = engine.load(this::archive)) {
      start(report, engine.runtimes(), image);
      exec(report, engine.runtimes(), image);
    }
  }

  private void archive(OutputStream out) throws IOException, InterruptedException {
    var tar =
        new ProcessBuilder("tar", "--create", "--directory", bench.image().toString(), ".")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    tar.getInputStream().transferTo(out);
    if (tar.waitFor() != 0) {
      throw new IOException("tar ended with " + tar.exitValue());
    }
  }

  private void start(Report report, List<String> runtimes, DockerEngine.Image image)
      throws Exception {
    var start =
        new Rounds("ms")
            .measure(
                "docker start: ours, create() to the first byte of an exec",
                bench::firstByteOfOurs);
    for (var runtime : runtimes) {
      start
          .measure(
              "docker start: docker run with %s, to the first byte".formatted(runtime),
              () -> firstByte(image, runtime))
          .measure(
              "docker start: Testcontainers with %s, start() and an exec to its end"
                  .formatted(runtime),
              () -> firstExec(image, runtime));
    }
    report.samples().addAll(start.run(2, rounds));
  }

  private static double firstByte(DockerEngine.Image image, String runtime)
      throws IOException, InterruptedException {
    var started = System.nanoTime();
    try (var container = image.run(runtime, Workbench.STATIC_PROGRAM)) {
      var millis = Streams.firstByte(container.output(), started);
      container.await();
      return millis;
    }
  }

  private static double firstExec(DockerEngine.Image image, String runtime)
      throws IOException, InterruptedException {
    var started = System.nanoTime();
    try (var container = new PlainContainer(image.name(), runtime, Workbench.PROBE, "stay")) {
      container.start();
      expect(container.execInContainer(Workbench.STATIC_PROGRAM).getStdout());
      return (System.nanoTime() - started) / 1e6;
    }
  }

  private void exec(Report report, List<String> runtimes, DockerEngine.Image image)
      throws Exception {
    try (var sandbox = bench.create();
        var containers = new Closeables()) {
      var exec =
          new Rounds("ms")
              .measure("docker exec: ours, to the end", () -> millis(() -> of(sandbox)));
      for (var runtime : runtimes) {
        var docker = containers.add(image.run(runtime, Workbench.PROBE, "stay"));
        Streams.firstByte(docker.output(), System.nanoTime());
        var other =
            containers.add(new PlainContainer(image.name(), runtime, Workbench.PROBE, "stay"));
        other.start();
        exec.measure(
                "docker exec: docker exec with %s, to the end".formatted(runtime),
                () -> millis(() -> docker.exec(Workbench.STATIC_PROGRAM)))
            .measure(
                "docker exec: Testcontainers with %s, to the end".formatted(runtime),
                () -> millis(() -> of(other)));
      }
      report.samples().addAll(exec.run(3, rounds));
    }
  }

  @FunctionalInterface
  private interface Exec {
    String output() throws Exception;
  }

  private static double millis(Exec exec) throws Exception {
    return Clock.millis(
        () -> {
          expect(exec.output());
          return System.nanoTime();
        });
  }

  private static String of(Sandbox sandbox) {
    return sandbox.exec(Workbench.STATIC_PROGRAM).await().stdout();
  }

  private static String of(PlainContainer container) throws IOException, InterruptedException {
    return container.execInContainer(Workbench.STATIC_PROGRAM).getStdout();
  }

  private static void expect(String output) throws IOException {
    if (!output.equals("x")) {
      throw new IOException("The program printed \"" + output + "\"");
    }
  }
}

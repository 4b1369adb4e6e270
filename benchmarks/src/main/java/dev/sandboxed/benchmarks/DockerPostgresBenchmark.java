package dev.sandboxed.benchmarks;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.PoolLimits;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxPool;
import dev.sandboxed.SandboxSpec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * A PostgreSQL until it is ready, by plain Docker, Testcontainers and ours, from the same files.
 *
 * <p>All are ready when the server writes that it is, which is what the container of Testcontainers
 * for PostgreSQL waits for.
 */
final class DockerPostgresBenchmark {
  private static final String READY = "database system is ready to accept connections";
  private static final String COPY = "docker postgres: ours, a copy, create() to ready";
  private static final String DOCKER = "docker postgres: docker run with %s, %s, to ready";
  private static final String OTHER = "docker postgres: Testcontainers with %s, %s, start()";
  private static final String INITIALISED = "initialised and booted";
  private static final String BOOTED = "booted";
  private static final String INITIALISE = PostgresBenchmark.INITIALISE + PostgresBenchmark.BOOT;
  private static final double TIMES_OF_DOCKER = 3;
  private static final double TIMES_OF_TESTCONTAINERS = 10;

  private final int rounds;

  DockerPostgresBenchmark(int rounds) {
    this.rounds = rounds;
  }

  void run(Report report, DockerEngine engine) throws Exception {
    try (var backend = Backends.open();
        var pool = SandboxPool.open(backend, PoolLimits.ofMachine());
        var image = engine.load(out -> archive(backend, out))) {
      var copy = postgres(PostgresBenchmark.BOOT).snapshotWhenReady().build();
      var ready =
          new Rounds("ms")
              .measure(
                  "docker postgres: ours, initialised and booted, create() to ready",
                  () -> ours(backend, INITIALISE))
              .measure(
                  "docker postgres: ours, booted, create() to ready",
                  () -> ours(backend, PostgresBenchmark.BOOT))
              .measure(COPY, () -> PostgresBenchmark.ready(backend, copy))
              .measure(
                  "docker postgres: ours, a copy from a pool, acquire() to ready",
                  () -> pooled(pool, copy));
      for (var runtime : engine.runtimes()) {
        add(ready, image, runtime, INITIALISED, INITIALISE);
        add(ready, image, runtime, BOOTED, PostgresBenchmark.BOOT);
      }
      var samples = ready.run(1, rounds);
      report.samples().addAll(samples);
      report.aims().addAll(aims(samples, engine.runtimes()));
    }
  }

  /** Writes the files of the image that ours is made of. */
  private static void archive(Backend backend, OutputStream out) throws IOException {
    var spec = Sandbox.builder().image(PostgresBenchmark.IMAGE).build();
    try (var sandbox = backend.create(spec);
        var tar =
            sandbox.exec("tar", "--create", "--one-file-system", "--directory", "/", ".").start()) {
      tar.stdout().stream().transferTo(out);
      if (!tar.waitFor().isSuccess()) {
        throw new IOException("tar in the sandbox ended with " + tar.waitFor());
      }
    }
  }

  private static void add(
      Rounds ready, DockerEngine.Image image, String runtime, String state, String command) {
    ready
        .measure(DOCKER.formatted(runtime, state), () -> docker(image, runtime, command))
        .measure(OTHER.formatted(runtime, state), () -> testcontainers(image, runtime, command));
  }

  private static SandboxBuilder postgres(String command) {
    return PostgresBenchmark.postgres(command, ReadinessProbe.log(READY));
  }

  private static double ours(Backend backend, String command) throws Exception {
    return PostgresBenchmark.ready(backend, postgres(command).build());
  }

  private static double pooled(SandboxPool pool, SandboxSpec spec) throws Exception {
    PoolBenchmark.prepare(pool, spec, 1);
    var started = System.nanoTime();
    try (var sandbox = pool.acquire(spec)) {
      sandbox.waitUntilReady();
      return (System.nanoTime() - started) / 1e6;
    } finally {
      pool.expect(spec, 0);
    }
  }

  private static double docker(DockerEngine.Image image, String runtime, String command)
      throws IOException, InterruptedException {
    var started = System.nanoTime();
    try (var container = image.run(runtime, "bash", "-c", command)) {
      var lines =
          new BufferedReader(new InputStreamReader(container.output(), StandardCharsets.UTF_8));
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.contains(READY)) {
          return (System.nanoTime() - started) / 1e6;
        }
      }
    }
    throw new IOException("PostgreSQL ended before it was ready, by docker run with " + runtime);
  }

  private static double testcontainers(DockerEngine.Image image, String runtime, String command) {
    var started = System.nanoTime();
    try (var container = new PlainContainer(image.name(), runtime, "bash", "-c", command)) {
      container.waitingFor(Wait.forLogMessage(".*" + READY + ".*\\s", 1));
      container.start();
      return (System.nanoTime() - started) / 1e6;
    }
  }

  private static List<Aim> aims(List<Samples> samples, List<String> runtimes) {
    var aims = new ArrayList<Aim>();
    if (runtimes.contains(DockerEngine.GVISOR)) {
      // Without gVisor, a container is no sandbox.
      aims.add(aim(samples, DOCKER.formatted(DockerEngine.GVISOR, INITIALISED), TIMES_OF_DOCKER));
    }
    for (var runtime : runtimes) {
      aims.add(aim(samples, OTHER.formatted(runtime, INITIALISED), TIMES_OF_TESTCONTAINERS));
    }
    return aims;
  }

  private static Aim aim(List<Samples> samples, String theirs, double times) {
    return Aim.atLeast(
        theirs + ", against our copy", "x", times, median(samples, theirs) / median(samples, COPY));
  }

  private static double median(List<Samples> samples, String name) {
    return samples.stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow().median();
  }
}

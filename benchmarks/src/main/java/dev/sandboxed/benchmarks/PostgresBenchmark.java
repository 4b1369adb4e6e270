package dev.sandboxed.benchmarks;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.Image;
import dev.sandboxed.ReadinessProbe;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A PostgreSQL until it is ready: initialised and booted, booted, and copied.
 *
 * <p>Ready is when {@code pg_isready} says so. A server that is initialised first is what the usual
 * images of PostgreSQL are.
 */
final class PostgresBenchmark {
  private static final String MMDEBSTRAP = "/usr/bin/mmdebstrap";
  static final Image IMAGE = Image.debian("bookworm").aptInstall("postgresql");
  static final String BOOT =
      "read -r version cluster rest < <(pg_lsclusters --no-header);"
          + " exec pg_ctlcluster --foreground $version $cluster start";
  static final String INITIALISE =
      "read -r version cluster rest < <(pg_lsclusters --no-header);"
          + " pg_dropcluster $version $cluster; pg_createcluster $version $cluster; ";

  private final int rounds;

  PostgresBenchmark(int rounds) {
    this.rounds = rounds;
  }

  void run(Report report) throws Exception {
    if (!isPossible()) {
      return;
    }
    try (var backend = Backends.open()) {
      var samples =
          new Rounds("ms")
              .measure(
                  "postgres: initialised and booted, create() to ready",
                  () -> ready(backend, postgres(INITIALISE + BOOT).build()))
              .measure(
                  "postgres: booted, create() to ready",
                  () -> ready(backend, postgres(BOOT).build()))
              .measure(
                  "postgres: a copy, create() to ready",
                  () -> ready(backend, postgres(BOOT).snapshotWhenReady().build()))
              .run(1, rounds);
      report.samples().addAll(samples);
      var copy = samples.get(2).median();
      report.aims().addAll(aims(samples, copy));
    }
  }

  /** Returns whether its image can be made; says why not. */
  static boolean isPossible() {
    if (!Files.isExecutable(Path.of(MMDEBSTRAP))) {
      System.err.println("There is no " + MMDEBSTRAP + ": the rows of PostgreSQL are left out.");
      return false;
    }
    return true;
  }

  private static List<Aim> aims(List<Samples> samples, double copy) {
    var aims = new ArrayList<Aim>();
    aims.add(Aim.atMost("postgres: a copy, create() to ready", "ms", 200, copy));
    aims.add(
        Aim.atLeast(
            "postgres: initialised and booted, against a copy",
            "x",
            10,
            samples.get(0).median() / copy));
    return aims;
  }

  /** Begins one that runs a command and is ready when {@code pg_isready} says so. */
  private static SandboxBuilder postgres(String command) {
    return postgres(command, ReadinessProbe.exec("pg_isready"));
  }

  /** Begins one that runs a command. */
  static SandboxBuilder postgres(String command, ReadinessProbe ready) {
    return Sandbox.builder().image(IMAGE).command("bash", "-c", command).readyWhen(ready);
  }

  /** Returns the milliseconds until one is ready. */
  static double ready(Backend backend, SandboxSpec spec) throws Exception {
    var started = System.nanoTime();
    try (var sandbox = backend.create(spec)) {
      sandbox.waitUntilReady();
      return (System.nanoTime() - started) / 1e6;
    }
  }
}

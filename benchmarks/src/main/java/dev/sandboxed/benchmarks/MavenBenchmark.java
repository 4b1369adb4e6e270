package dev.sandboxed.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code sandbox:run} as its users start it, a whole Maven each time: first runs, which install,
 * and later ones, which find that in the store; against the same commands on the host.
 *
 * <p>Nothing that was downloaded before is used, here as there, but the artifacts of the Maven
 * project: packages come from the servers that the tools of this machine are configured for.
 */
final class MavenBenchmark {
  private static final int MAX_INSTALLATIONS = 2;
  private static final int MAX_ROUNDS = 5;
  private static final String KEPT = "kept";
  private static final String ROW = "maven, %s: %s";

  private final MavenPlugin plugin;
  private final List<MavenProject> projects;
  private final Path work;
  private final int rounds;
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  MavenBenchmark(MavenSettings settings, Path work, int rounds) {
    this.work = work.resolve("maven");
    this.rounds = Math.min(rounds, MAX_ROUNDS);
    plugin = new MavenPlugin(settings, this.work.resolve("cache"));
    projects = new MavenProjects(settings, this.work).all();
  }

  void run(Report report) throws Exception {
    Trees.remove(work);
    try {
      measure();
      values.forEach((name, all) -> report.samples().add(new Samples(name, "ms", all)));
      projects.forEach(project -> report.aims().addAll(aims(project)));
    } finally {
      Trees.remove(work);
    }
  }

  private void measure() throws Exception {
    for (var project : projects) {
      project.copy();
      // What is fetched and made once for a machine is no part of the figures.
      if (project.install().isEmpty()) {
        project.installOnHost();
        project.testOnHost();
      }
      plugin.run(project.inside(), KEPT);
      if (project.getsWarm()) {
        plugin.warm(project.inside(), KEPT);
      }
    }
    for (var round = 0; round < rounds; round++) {
      for (var project : projects) {
        if (round < MAX_INSTALLATIONS) {
          install(project, "round" + round);
        }
        again(project);
      }
      note("maven, sandbox:help: whole, for reference", plugin.help());
    }
  }

  private void install(MavenProject project, String round) throws Exception {
    var host = project.installOnHost();
    var first = plugin.run(project.inside(), round);
    if (!project.install().isEmpty()) {
      note(project, "host, what installs", host);
    }
    if (!first.install().isEmpty()) {
      note(
          project,
          "first run, what installs",
          first.install().stream().mapToDouble(Double::doubleValue).sum());
    }
    note(project, "first run, whole", first.whole());
  }

  private void again(MavenProject project) throws Exception {
    note(project, "host, tests", project.testOnHost());
    var next = plugin.run(project.inside(), KEPT);
    if (!next.install().isEmpty()) {
      throw new IllegalStateException(project.name() + " was installed anew: " + next);
    }
    note(project, "second run, tests", next.tests());
    note(project, "second run, the goal's line to the first test command", next.untilTests());
    note(project, "second run, whole", next.whole());
    if (project.getsWarm()) {
      var warm = plugin.warm(project.inside(), KEPT);
      note(project, "second run, warm, tests", warm.tests());
      note(project, "second run, warm, the goal's line to the first test", warm.untilTests());
      note(project, "second run, warm, whole", warm.whole());
    }
  }

  private List<Aim> aims(MavenProject project) {
    return List.of(
        Aim.atMost(
            ROW.formatted(project.name(), "second run, to the first test command"),
            "ms",
            1_000,
            median(project, "second run, the goal's line to the first test command")),
        Aim.atMost(
            ROW.formatted(project.name(), "second run, tests against the host"),
            "x",
            1.5,
            median(project, "second run, tests") / median(project, "host, tests")));
  }

  private double median(MavenProject project, String what) {
    var name = ROW.formatted(project.name(), what);
    return new Samples(name, "ms", values.getOrDefault(name, List.of())).median();
  }

  private void note(MavenProject project, String what, double millis) {
    note(ROW.formatted(project.name(), what), millis);
  }

  private void note(String name, double millis) {
    values.computeIfAbsent(name, n -> new ArrayList<>()).add(millis);
  }
}

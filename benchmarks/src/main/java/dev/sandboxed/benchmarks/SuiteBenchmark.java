package dev.sandboxed.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Suites that nobody here wrote, as their people run them on a machine of their own and by {@code
 * sandbox:test}, in turn: only the test command counts, not what it takes to come to it.
 *
 * <p>What the suites need is fetched before, and both sides have it. Both compile what is compiled:
 * a checkout is new to a sandbox each time, and so it is to the host.
 */
final class SuiteBenchmark {
  private static final int MAX_ROUNDS = 3;
  private static final double WHERE_IT_COMPUTES = 1.3;
  private static final double WHERE_IT_DOES_IO = 1.5;
  private static final String HOST = "suite: %s, on the host";
  private static final String INSIDE = "suite: %s, inside";

  private final List<String> chosen;
  private final MavenPlugin plugin;
  private final Path work;
  private final int rounds;
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  SuiteBenchmark(MavenSettings settings, List<String> chosen, Path work, int rounds) {
    this.chosen = chosen;
    this.work = work.resolve("suites");
    this.rounds = Math.min(rounds, MAX_ROUNDS);
    plugin = new MavenPlugin(settings, this.work.resolve("cache"));
  }

  /**
   * A suite.
   *
   * @param project how it is run
   * @param aim how many times the host's time it may take
   */
  private record Suite(MavenProject project, double aim) {}

  void run(Report report) throws Exception {
    Trees.remove(work);
    try {
      var suites = new ArrayList<Suite>();
      for (var name : chosen) {
        suites.add(suite(name));
      }
      for (var suite : suites) {
        var project = suite.project();
        project.copy();
        project.installOnHost();
        project.testOnHost();
        plugin.test(project.inside());
      }
      for (var round = 0; round < rounds; round++) {
        for (var suite : suites) {
          var project = suite.project();
          note(HOST, project, testAnew(project, round));
          note(INSIDE, project, plugin.test(project.inside()).tests());
        }
      }
      values.forEach((name, all) -> report.samples().add(new Samples(name, "ms", all)));
      suites.forEach(suite -> report.aims().add(aim(suite)));
    } finally {
      Trees.remove(work);
    }
  }

  /** A directory of its own, as else Go remembers what it has compiled there. */
  private double testAnew(MavenProject project, int round) throws Exception {
    var anew = project.withHost(work.resolve("host").resolve(project.name() + "-" + round));
    anew.installOnHost();
    return anew.testOnHost();
  }

  private Suite suite(String name) throws Exception {
    return switch (name) {
      case "more-itertools" -> moreItertools();
      case "toml" -> toml();
      case "semver" -> semver();
      default ->
          throw new IllegalArgumentException(
              "benchmark.suites: there is no \"%s\"; the suites are %s"
                  .formatted(name, String.join(",", Settings.ALL_SUITES)));
    };
  }

  /** Computes, in one thread. */
  private Suite moreItertools() throws Exception {
    return suite(
        "more-itertools",
        WHERE_IT_COMPUTES,
        sources().python("more-itertools", "10.8.0"),
        SystemPrograms.find("python3"),
        "-W",
        "ignore",
        "-m",
        "unittest",
        "discover",
        "-s",
        "tests",
        "-t",
        ".");
  }

  /** Finds almost all compiled, so it reads, links and starts programs. */
  private Suite toml() throws Exception {
    return suite(
        "toml",
        WHERE_IT_DOES_IO,
        sources().go("github.com/BurntSushi/toml", "v1.5.0"),
        SystemPrograms.find("go"),
        "test",
        "-json",
        "-count=1",
        "./...");
  }

  /** Compiles each test apart, and so starts compilers and linkers, and writes what they make. */
  private Suite semver() throws Exception {
    return suite(
        "semver",
        WHERE_IT_DOES_IO,
        sources().cargo("semver", "1.0.26"),
        SystemPrograms.find("cargo"),
        "test",
        "--offline");
  }

  private UpstreamSources sources() {
    return new UpstreamSources(work.resolve("sources"));
  }

  private Suite suite(String name, double aim, Path source, String... test) {
    return new Suite(
        new MavenProject(
            name,
            List.of(source),
            work.resolve("inside").resolve(name),
            work.resolve("host").resolve(name),
            Map.of("PATH", SystemPrograms.path(), "GOFLAGS", "-buildvcs=false"),
            List.of(),
            List.of(test),
            List.of()),
        aim);
  }

  private Aim aim(Suite suite) {
    return Aim.atMost(
        "suite: %s, inside against the host".formatted(suite.project().name()),
        "x",
        suite.aim(),
        median(INSIDE, suite.project()) / median(HOST, suite.project()));
  }

  private double median(String row, MavenProject project) {
    var name = row.formatted(project.name());
    return new Samples(name, "ms", values.getOrDefault(name, List.of())).median();
  }

  private void note(String row, MavenProject project, double millis) {
    values.computeIfAbsent(row.formatted(project.name()), n -> new ArrayList<>()).add(millis);
  }
}

package dev.sandboxed.benchmarks;

import java.io.IOException;
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
  /** More say more, but those of the largest take minutes. */
  private static final int ROUNDS = 5;

  private static final int FEW_ROUNDS = 3;
  private static final double WHERE_IT_COMPUTES = 1.3;
  private static final double WHERE_IT_DOES_IO = 1.5;
  private static final String HOST = "suite: %s, on the host";
  private static final String INSIDE = "suite: %s, inside";

  private final MavenSettings settings;
  private final List<String> chosen;
  private final MavenPlugin plugin;
  private final Path work;
  private final int rounds;
  private final Map<String, List<Double>> values = new LinkedHashMap<>();

  SuiteBenchmark(MavenSettings settings, List<String> chosen, Path work, int rounds) {
    this.settings = settings;
    this.chosen = chosen;
    this.work = work.resolve("suites");
    this.rounds = rounds;
    plugin = new MavenPlugin(settings, this.work.resolve("cache"));
  }

  /**
   * A suite.
   *
   * @param project how it is run
   * @param inside variables that it gets inside too
   * @param aim how many times the host's time it may take
   * @param rounds how often it is run at most
   * @param reports where it leaves JUnit's reports, by which both sides are compared; empty if it
   *     writes none
   */
  private record Suite(
      MavenProject project, Map<String, String> inside, double aim, int rounds, String reports) {}

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
        testInside(suite);
        compare(suite, project);
      }
      for (var round = 0; round < rounds; round++) {
        for (var suite : suites) {
          if (round < suite.rounds()) {
            measure(suite, round);
          }
        }
      }
      values.forEach((name, all) -> report.samples().add(new Samples(name, "ms", all)));
      suites.forEach(suite -> report.aims().add(aim(suite)));
    } finally {
      Trees.remove(work);
    }
  }

  /** On the host in a directory of its own, as else Go remembers what it has compiled there. */
  private void measure(Suite suite, int round) throws Exception {
    var project = suite.project();
    var anew = project.withHost(work.resolve("host").resolve(project.name() + "-" + round));
    anew.installOnHost();
    note(HOST, project, anew.testOnHost());
    note(INSIDE, project, testInside(suite));
    compare(suite, anew);
    Trees.remove(anew.host());
  }

  private double testInside(Suite suite) throws Exception {
    return plugin.test(suite.project().inside(), suite.inside()).tests();
  }

  /** Whether a test passes may hang on the time, but there is none that only one side has run. */
  private static void compare(Suite suite, MavenProject project) throws IOException {
    if (suite.reports().isEmpty()) {
      return;
    }
    var outside = JunitReports.count(project.host().resolve(suite.reports()));
    var inside = JunitReports.count(project.inside().resolve("target/sandbox"));
    System.out.printf("%s: %s on the host, %s inside%n", suite.project().name(), outside, inside);
    if (outside.run() == 0 || !outside.hasAsManyAs(inside)) {
      throw new IOException(
          "%s: the tests are not the same: %s on the host, %s inside"
              .formatted(suite.project().name(), outside, inside));
    }
  }

  private Suite suite(String name) throws Exception {
    return switch (name) {
      case "commons-lang3" -> commonsLang();
      case "more-itertools" -> moreItertools();
      case "toml" -> toml();
      case "semver" -> semver();
      default ->
          throw new IllegalArgumentException(
              "benchmark.suites: there is no \"%s\"; the suites are %s"
                  .formatted(name, String.join(",", Settings.ALL_SUITES)));
    };
  }

  /**
   * Compiles and computes, in two JVMs. What its tests print and write is little; the POM is one of
   * ours, on current plugins, and lets tests fail that hang on the time.
   */
  private Suite commonsLang() throws Exception {
    var name = "commons-lang3";
    var environment = Map.of("TZ", "UTC", "LANG", "C.UTF-8");
    var maven = new ArrayList<>(settings.command());
    var sources = sources().maven(maven, "org.apache.commons:commons-lang3:3.9");
    maven.add("test");
    return new Suite(
        project(name, List.of(sources, settings.projects().resolve(name)), environment, maven),
        environment,
        WHERE_IT_COMPUTES,
        FEW_ROUNDS,
        "target/surefire-reports");
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
    var environment = Map.of("PATH", SystemPrograms.path(), "GOFLAGS", "-buildvcs=false");
    return new Suite(
        project(name, List.of(source), environment, List.of(test)), Map.of(), aim, ROUNDS, "");
  }

  private MavenProject project(
      String name, List<Path> source, Map<String, String> environment, List<String> test) {
    return new MavenProject(
        name,
        source,
        work.resolve("inside").resolve(name),
        work.resolve("host").resolve(name),
        environment,
        List.of(),
        test,
        List.of());
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

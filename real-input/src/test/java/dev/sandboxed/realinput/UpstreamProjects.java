package dev.sandboxed.realinput;

import dev.sandboxed.realinput.PythonSuite.Way;
import java.util.Arrays;
import java.util.List;

/** The projects whose suites are compared. */
final class UpstreamProjects {
  /** Quick enough for every build. */
  private static final String USUAL = "commons-lang3,google-uuid,toolz";

  private static final List<UpstreamProject> ALL =
      List.of(
          new UpstreamProject(
                  "commons-lang3",
                  new MavenSuite(
                      "org.apache.commons", "commons-lang3", "3.9", "commons-lang3.pom.xml"),
                  4000)
              .except(
                  "org.apache.commons.lang3.time.StopWatchTest ",
                  "expects that a sleep is hardly longer than was asked for")
              .except(
                  "org.apache.commons.lang3.concurrent.EventCountCircuitBreakerTest testNow",
                  "expects that two lines run within 100 µs"),
          new UpstreamProject(
              "commons-cli", new MavenSuite("commons-cli", "commons-cli", "1.10.0", ""), 900),
          new UpstreamProject("toolz", new PythonSuite("toolz", "1.0.0", Way.PYTEST_BESIDE), 150),
          new UpstreamProject(
              "more-itertools", new PythonSuite("more-itertools", "10.8.0", Way.UNITTEST), 600),
          new UpstreamProject("google-uuid", new GoSuite("github.com/google/uuid", "v1.6.0"), 40),
          new UpstreamProject("pflag", new GoSuite("github.com/spf13/pflag", "v1.0.10"), 170),
          new UpstreamProject("mux", new GoSuite("github.com/gorilla/mux", "v1.8.1"), 300),
          new UpstreamProject("itoa", new CargoSuite("itoa", "1.0.15"), 12),
          new UpstreamProject("semver", new CargoSuite("semver", "1.0.26"), 38),
          new UpstreamProject("either", new CargoSuite("either", "1.15.0"), 50),
          new UpstreamProject("minimist", new NodeSuite("minimist", "1.2.8"), 150));

  private UpstreamProjects() {}

  static List<UpstreamProject> all() {
    return ALL;
  }

  /** Returns those that were asked for: a few, all, or those named, separated by commas. */
  static List<UpstreamProject> chosen() {
    var wanted = System.getProperty("real.upstream.projects", USUAL);
    return wanted.equals("all")
        ? ALL
        : Arrays.stream(wanted.split(",", -1)).map(UpstreamProjects::named).toList();
  }

  private static UpstreamProject named(String name) {
    return ALL.stream()
        .filter(project -> project.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "-Dreal.upstream.projects names %s; there are all, or: %s"
                        .formatted(name, ALL.stream().map(UpstreamProject::name).toList())));
  }

  /** Returns whether more than the usual was asked for: installations are timed then. */
  static boolean areMeasured() {
    return System.getProperty("real.upstream.projects") != null;
  }
}

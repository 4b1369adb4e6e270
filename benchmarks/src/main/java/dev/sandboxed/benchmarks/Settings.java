package dev.sandboxed.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * How to run, from system properties.
 *
 * @param rounds how often each start and exec is measured
 * @param copies how often each transfer of a gibibyte is measured
 * @param load how many are started one after the other, and at once
 * @param many how many sandboxes live at once, one number after the other
 * @param parts what to measure, in order
 * @param suites whose tests are run inside and on the host
 * @param enforce whether a missed aim fails the run
 * @param probe the static program, built by the build
 * @param work an empty directory for what the benchmarks write
 * @param json where the samples go
 * @param markdown where the table goes
 */
record Settings(
    int rounds,
    int copies,
    int load,
    List<Integer> many,
    List<String> parts,
    List<String> suites,
    boolean enforce,
    Path probe,
    Path work,
    Path json,
    Path markdown) {

  /** Everything there is to measure. */
  static final List<String> ALL_PARTS =
      List.of(
          "start",
          "load",
          "exec",
          "stdout",
          "copy",
          "network",
          "image",
          "snapshot",
          "memory",
          "postgres",
          "docker",
          "pool",
          "junit",
          "maven",
          "suites",
          "many",
          "micro");

  /** The suites that there are. */
  static final List<String> ALL_SUITES =
      List.of("commons-lang3", "more-itertools", "toml", "semver");

  static Settings fromSystemProperties() {
    return new Settings(
        Integer.getInteger("benchmark.rounds", 40),
        Integer.getInteger("benchmark.copies", 10),
        Integer.getInteger("benchmark.load", 100),
        numbers(System.getProperty("benchmark.many", "10,100,500")),
        List.of(System.getProperty("benchmark.parts", String.join(",", ALL_PARTS)).split(",")),
        List.of(System.getProperty("benchmark.suites", String.join(",", ALL_SUITES)).split(",")),
        Boolean.getBoolean("benchmark.enforce"),
        path("benchmark.probe"),
        path("benchmark.work"),
        path("benchmark.json"),
        path("benchmark.markdown"));
  }

  private static List<Integer> numbers(String text) {
    return Stream.of(text.split(",")).map(Integer::valueOf).toList();
  }

  private static Path path(String property) {
    return Path.of(property(property)).toAbsolutePath();
  }

  /** Returns a system property that has to be there. */
  static String property(String property) {
    var value = System.getProperty(property);
    if (value == null) {
      throw new IllegalArgumentException(
          "The system property "
              + property
              + " is missing; start the benchmarks by benchmarks/run");
    }
    return value;
  }
}

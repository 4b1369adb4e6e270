package dev.sandboxed.benchmarks;

import java.nio.file.Path;

/**
 * How to run, from system properties.
 *
 * @param rounds how often each start and exec is measured
 * @param copies how often each transfer of a gibibyte is measured
 * @param enforce whether a missed aim fails the run
 * @param probe the static program, built by the build
 * @param work an empty directory for what the benchmarks write
 * @param json where the samples go
 * @param markdown where the table goes
 */
record Settings(
    int rounds, int copies, boolean enforce, Path probe, Path work, Path json, Path markdown) {

  static Settings fromSystemProperties() {
    return new Settings(
        Integer.getInteger("benchmark.rounds", 40),
        Integer.getInteger("benchmark.copies", 10),
        Boolean.getBoolean("benchmark.enforce"),
        path("benchmark.probe"),
        path("benchmark.work"),
        path("benchmark.json"),
        path("benchmark.markdown"));
  }

  private static Path path(String property) {
    var value = System.getProperty(property);
    if (value == null) {
      throw new IllegalArgumentException(
          "The system property "
              + property
              + " is missing; start the benchmarks by benchmarks/run");
    }
    return Path.of(value).toAbsolutePath();
  }
}

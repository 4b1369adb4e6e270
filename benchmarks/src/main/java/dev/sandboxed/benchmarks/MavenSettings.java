package dev.sandboxed.benchmarks;

import java.nio.file.Path;
import java.util.List;

/**
 * What whole runs of the Maven plugin need, from system properties.
 *
 * @param program Maven
 * @param version the plugin's version
 * @param repository the local repository that has the plugin; what else is needed is fetched into
 *     it
 * @param samples the directory of the sample projects
 * @param projects the directory of what only the benchmarks run
 */
record MavenSettings(Path program, String version, Path repository, Path samples, Path projects) {

  static MavenSettings fromSystemProperties() {
    return new MavenSettings(
        path("benchmark.mvn"),
        Settings.property("benchmark.version"),
        path("benchmark.repository"),
        path("benchmark.samples"),
        path("benchmark.projects"));
  }

  /** Returns how Maven is run on the host, without what it is to do. */
  List<String> command() {
    return List.of(program.toString(), "-B", "-ntp", "-Dmaven.repo.local=" + repository);
  }

  private static Path path(String property) {
    return Path.of(Settings.property(property)).toAbsolutePath().normalize();
  }
}

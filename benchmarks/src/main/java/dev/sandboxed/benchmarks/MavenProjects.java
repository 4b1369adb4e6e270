package dev.sandboxed.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The projects whose tests are run: small ones, so that all that is not tests counts. */
final class MavenProjects {
  private final MavenSettings settings;
  private final Path work;

  MavenProjects(MavenSettings settings, Path work) {
    this.settings = settings;
    this.work = work;
  }

  List<MavenProject> all() {
    return List.of(python(), node(), maven());
  }

  private MavenProject python() {
    var venv = work.resolve("host/python/.venv");
    var python = venv.resolve("bin/python").toString();
    return project(
        "Python",
        List.of(settings.samples().resolve("python-wordcount"), own("python")),
        Map.of(),
        List.of(
            List.of("python3", "-m", "venv", venv.toString()),
            List.of(
                python,
                "-m",
                "pip",
                "install",
                "--no-cache-dir",
                "--disable-pip-version-check",
                "--progress-bar=off",
                "-r",
                "requirements-test.txt",
                "pytest")),
        List.of(python, "-m", "pytest", "--junitxml=report.xml", "-o", "junit_family=xunit2"),
        List.of());
  }

  private MavenProject node() {
    return project(
        "Node",
        List.of(settings.samples().resolve("node-slugify")),
        Map.of(
            // In what is made anew each time, and so empty.
            "npm_config_cache", work.resolve("host/node/.npm").toString(),
            "npm_config_audit", "false",
            "npm_config_fund", "false",
            "npm_config_update_notifier", "false"),
        List.of(List.of("npm", "ci", "--ignore-scripts")),
        List.of("npm", "test"),
        List.of(List.of("npm", "run", "lint")));
  }

  private MavenProject maven() {
    return project(
        "Maven",
        List.of(own("maven")),
        Map.of(),
        List.of(),
        Stream.concat(settings.command().stream(), Stream.of("test")).toList(),
        List.of());
  }

  private Path own(String name) {
    return settings.projects().resolve(name);
  }

  private MavenProject project(
      String name,
      List<Path> source,
      Map<String, String> environment,
      List<List<String>> install,
      List<String> test,
      List<List<String>> lint) {
    var directory = name.toLowerCase(Locale.ROOT);
    return new MavenProject(
        name,
        source,
        work.resolve("inside").resolve(directory),
        work.resolve("host").resolve(directory),
        environment,
        install,
        test,
        lint);
  }
}

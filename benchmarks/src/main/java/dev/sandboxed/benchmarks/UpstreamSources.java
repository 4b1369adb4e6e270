package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Published sources with their tests, each fetched by its ordinary client.
 *
 * @param work an empty directory
 */
record UpstreamSources(Path work) {
  private static final String UNPACK =
      "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:unpack";
  private static final Pattern DIRECTORY = Pattern.compile("\"Dir\": \"([^\"]+)\"");
  private static final Pattern MANIFEST =
      Pattern.compile("\"manifest_path\":\"([^\"]+)/Cargo.toml\"");

  /** Fetches a source distribution of Python. */
  Path python(String name, String version) throws Exception {
    var archives = directory("archives-" + name);
    run(
        archives,
        List.of(
            SystemPrograms.find("python3"),
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary=" + name,
            name + "==" + version));
    var project = directory(name);
    try (var files = Files.list(archives)) {
      run(
          project,
          List.of(
              SystemPrograms.find("tar"),
              "--strip-components=1",
              "-xzf",
              files.findFirst().orElseThrow().toString()));
    }
    return project;
  }

  /** Fetches a module of Go. */
  Path go(String module, String version) throws Exception {
    var lines =
        run(
            directory("asking-go"),
            List.of(SystemPrograms.find("go"), "mod", "download", "-json", module + "@" + version));
    return found(lines, DIRECTORY, "");
  }

  /** Fetches a crate. */
  Path cargo(String crate, String version) throws Exception {
    var asking = directory("asking-" + crate);
    Files.createFile(Files.createDirectory(asking.resolve("src")).resolve("lib.rs"));
    Files.writeString(
        asking.resolve("Cargo.toml"),
        """
        [package]
        name = "asking"
        version = "0.0.0"
        edition = "2021"

        [dependencies]
        %s = "=%s"
        """
            .formatted(crate, version));
    var cargo = SystemPrograms.find("cargo");
    run(asking, List.of(cargo, "fetch"));
    var lines =
        run(asking, List.of(cargo, "metadata", "--format-version=1", "--offline", "--quiet"));
    return found(lines, MANIFEST, "/%s-%s".formatted(crate, version));
  }

  /**
   * Fetches sources and sources of tests that were published as jars, which hold resources among
   * the sources, where Maven does not look for them.
   *
   * @param maven the command to which a goal is added
   * @param artifact {@code group:artifact:version}
   */
  Path maven(List<String> maven, String artifact) throws Exception {
    var project = directory(artifact.replace(':', '-'));
    for (var part : List.of("main:sources", "test:test-sources")) {
      var where = part.substring(0, part.indexOf(':'));
      var jar = artifact + ":jar:" + part.substring(part.indexOf(':') + 1);
      var sources = project.resolve("src").resolve(where);
      unpack(maven, jar, sources.resolve("java"), "includes=**/*.java");
      unpack(maven, jar, sources.resolve("resources"), "excludes=**/*.java,META-INF/**");
    }
    return project;
  }

  private void unpack(List<String> maven, String jar, Path where, String which) throws Exception {
    var command = new ArrayList<>(maven);
    command.addAll(
        List.of(
            UNPACK, "-Dartifact=" + jar, "-DoutputDirectory=" + where, "-Dmdep.unpack." + which));
    run(directory("asking-maven"), command);
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(work.resolve(name));
  }

  private static List<String> run(Path directory, List<String> command) throws Exception {
    var lines = new ArrayList<String>();
    new Program(directory, Map.of("PATH", SystemPrograms.path()), command).millis(lines::add);
    return lines;
  }

  private static Path found(List<String> lines, Pattern pattern, String ending) throws IOException {
    return lines.stream()
        .flatMap(line -> pattern.matcher(line).results())
        .map(match -> match.group(1))
        .filter(path -> path.endsWith(ending))
        .map(Path::of)
        .findFirst()
        .orElseThrow(() -> new IOException("No place of the sources in:\n" + lines));
  }
}

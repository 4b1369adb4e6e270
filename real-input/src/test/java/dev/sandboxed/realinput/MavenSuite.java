package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Published jars of sources and of sources of tests.
 *
 * @param ownPom a resource of this build that stands for the published POM; empty for that one
 */
record MavenSuite(String group, String artifact, String version, String ownPom) implements Suite {

  @Override
  public String ecosystem() {
    return "Maven";
  }

  @Override
  public List<String> env() {
    return List.of("TZ=UTC", "LANG=C.UTF-8");
  }

  @Override
  public void fetch(Upstream upstream) throws IOException, InterruptedException {
    unpack(upstream, "sources", "src/main");
    unpack(upstream, "test-sources", "src/test");
    var pom = upstream.checkout().resolve("pom.xml");
    if (ownPom.isEmpty()) {
      upstream.copyArtifact("%s:%s:%s:pom".formatted(group, artifact, version));
      Files.move(upstream.directory().resolve("%s-%s.pom".formatted(artifact, version)), pom);
    } else {
      try (var own = Upstream.resource(ownPom)) {
        Files.copy(own, pom);
      }
    }
  }

  private void unpack(Upstream upstream, String classifier, String where)
      throws IOException, InterruptedException {
    upstream.copyArtifact("%s:%s:%s:jar:%s".formatted(group, artifact, version, classifier));
    var jar = "%s-%s-%s.jar".formatted(artifact, version, classifier);
    var sources = upstream.checkout().resolve(where).resolve("java");
    Upstream.unpackJar(upstream.directory().resolve(jar), sources);
    // Such a jar holds the resources among the sources, where Maven does not look for them.
    var resources = upstream.checkout().resolve(where).resolve("resources");
    try (var all = Files.walk(sources)) {
      for (var file : all.filter(Files::isRegularFile).toList()) {
        if (!file.toString().endsWith(".java")) {
          var resource = resources.resolve(sources.relativize(file));
          Files.createDirectories(resource.getParent());
          Files.move(file, resource);
        }
      }
    }
  }

  /** Downloads, if it is to be timed, with a first run that runs no test. */
  @Override
  public HostRun runOnHost(Upstream upstream, Path copy) throws IOException, InterruptedException {
    var command = upstream.maven(copy).env("TZ", "UTC").env("LANG", "C.UTF-8");
    var installing = 0.0;
    if (UpstreamProjects.areMeasured()) {
      installing = command.with("test", "-DskipTests").run().seconds();
      Upstream.remove(copy.resolve("target"));
    }
    var tests = command.with("test").run();
    return new HostRun(
        installing, tests, Results.ofJunitXml(copy.resolve("target/surefire-reports")));
  }
}

package dev.sandboxed.maven.project;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What the host's local Maven repository has.
 *
 * @param directory where it is
 */
record LocalRepository(Path directory) {
  private static final int MAX_VERSIONS = 1_000;

  private static final List<String> BUILT_IN =
      List.of(
          "org.apache.maven.resolver",
          "org.codehaus.plexus",
          "org.eclipse.",
          "org.slf4j",
          "com.google.",
          "javax.");

  /** Returns whether an artifact is not there; false if nobody can tell from its name alone. */
  boolean lacks(MavenArtifact artifact) {
    if (!artifact.isPlain()) {
      return false;
    }
    var versions = versions(artifact);
    if (!artifact.hasVersion()) {
      return !hasAny(versions, artifact);
    }
    var directoryOfVersion = versions.resolve(artifact.version());
    return artifact.version().endsWith("-SNAPSHOT")
        ? !Files.isDirectory(directoryOfVersion)
        : !Files.isRegularFile(directoryOfVersion.resolve(fileName(artifact, artifact.version())));
  }

  /**
   * Returns whether a plugin is not there, or what its POM says that it needs itself. What it
   * leaves to its parent may not be needed at all, and Maven has some of it built in.
   */
  boolean lacksPlugin(MavenArtifact plugin) {
    return lacks(plugin)
        || pom(plugin).stream()
            .flatMap(Pom::runtimeDependencies)
            .filter(MavenArtifact::hasVersion)
            .filter(needed -> !isBuiltIn(needed))
            .anyMatch(this::lacks);
  }

  /** Returns the POM of an artifact; empty if it is not there, or if its version is not known. */
  Optional<Pom> pom(MavenArtifact artifact) {
    if (!artifact.isPlain() || !artifact.hasVersion()) {
      return Optional.empty();
    }
    var version = versions(artifact).resolve(artifact.version());
    return new Checkout(version)
        .read(artifact.artifactId() + "-" + artifact.version() + MavenArtifact.POM)
        .flatMap(Pom::read);
  }

  private static boolean isBuiltIn(MavenArtifact artifact) {
    return artifact.groupId().equals("org.apache.maven")
        || BUILT_IN.stream().anyMatch(artifact.groupId()::startsWith);
  }

  private Path versions(MavenArtifact artifact) {
    return directory.resolve(artifact.groupId().replace('.', '/')).resolve(artifact.artifactId());
  }

  private static boolean hasAny(Path versions, MavenArtifact artifact) {
    if (!Files.isDirectory(versions)) {
      return false;
    }
    try (var all = Files.list(versions)) {
      return all.limit(MAX_VERSIONS)
          .anyMatch(
              version ->
                  Files.isRegularFile(
                      version.resolve(fileName(artifact, String.valueOf(version.getFileName())))));
    } catch (IOException e) {
      return false;
    }
  }

  private static String fileName(MavenArtifact artifact, String version) {
    return artifact.artifactId() + "-" + version + artifact.file();
  }
}

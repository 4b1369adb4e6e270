package dev.sandboxed.maven;

import dev.sandboxed.maven.project.MavenDistributions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.maven.artifact.versioning.DefaultArtifactVersion;
import org.apache.maven.artifact.versioning.InvalidVersionSpecificationException;
import org.apache.maven.artifact.versioning.VersionRange;
import org.eclipse.aether.RepositoryException;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.RepositorySystemSession;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.repository.RemoteRepository;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.VersionRangeRequest;
import org.eclipse.aether.version.Version;

/**
 * Fetches Mavens as artifacts, from the repositories that this build uses, and keeps them unpacked.
 * What a checkout names is only ever a version.
 *
 * @param system how artifacts are fetched
 * @param session how this build fetches them
 * @param repositories where from
 * @param directory where they are kept
 */
record FetchedMavens(
    RepositorySystem system,
    RepositorySystemSession session,
    List<RemoteRepository> repositories,
    Path directory)
    implements MavenDistributions {

  private static final String GROUP = "org.apache.maven";
  private static final String NAME = "apache-maven";
  private static final String PREFIX = NAME + "-";

  FetchedMavens {
    repositories = List.copyOf(repositories);
  }

  @Override
  public Path fetch(String range) throws IOException {
    try {
      var kept = newestOfOldest(range, kept());
      var version = kept.isPresent() ? kept : newestOfOldest(range, published(range));
      if (version.isEmpty()) {
        throw new IOException("there is no release of it in the repositories of this build");
      }
      return unpacked(version.get());
    } catch (RepositoryException | InvalidVersionSpecificationException e) {
      throw new IOException(withoutPasswords(String.valueOf(e.getMessage())), e);
    }
  }

  /** Messages may show the address of a repository, and with it what is for the server alone. */
  private static String withoutPasswords(String message) {
    return SafeText.line(
        message.lines().findFirst().orElse("").replaceAll("//[^/@\\s]{1,500}@", "//***@"));
  }

  private Stream<String> kept() throws IOException {
    if (!Files.isDirectory(directory)) {
      return Stream.empty();
    }
    try (var homes = Files.list(directory)) {
      return homes
          .map(home -> String.valueOf(home.getFileName()))
          .filter(name -> name.startsWith(PREFIX))
          .map(name -> name.substring(PREFIX.length()))
          .toList()
          .stream();
    }
  }

  private Stream<String> published(String range) throws RepositoryException {
    var only = range.substring(1, range.length() - 1);
    if (range.startsWith("[") && range.endsWith("]") && only.indexOf(',') < 0) {
      return Stream.of(only);
    }
    var request =
        new VersionRangeRequest(new DefaultArtifact(GROUP, NAME, "pom", range), repositories, "");
    return system.resolveVersionRange(session, request).getVersions().stream()
        .map(Version::toString)
        // Releases: what comes before one has a word in its name.
        .filter(version -> version.chars().allMatch(c -> c == '.' || Character.isDigit(c)));
  }

  /** Returns the newest of these that is in the range, of its oldest major version. */
  private static Optional<String> newestOfOldest(String range, Stream<String> versions)
      throws InvalidVersionSpecificationException {
    var bounds = VersionRange.createFromVersionSpec(range);
    var fitting =
        versions.map(DefaultArtifactVersion::new).filter(bounds::containsVersion).sorted().toList();
    return fitting.stream()
        .filter(version -> version.getMajorVersion() == fitting.get(0).getMajorVersion())
        .reduce((older, newer) -> newer)
        .map(DefaultArtifactVersion::toString);
  }

  private Path unpacked(String version) throws IOException, RepositoryException {
    var home = directory.resolve(PREFIX + version);
    if (!Files.isDirectory(home)) {
      var artifact = new DefaultArtifact(GROUP, NAME, "bin", "zip", version);
      var zip =
          system
              .resolveArtifact(session, new ArtifactRequest(artifact, repositories, ""))
              .getArtifact()
              .getFile()
              .toPath();
      MavenArchive.unpack(zip, home);
    }
    return home;
  }
}

package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.maven.repository.internal.MavenRepositorySystemUtils;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.eclipse.aether.resolution.ArtifactResult;
import org.eclipse.aether.resolution.VersionRangeRequest;
import org.eclipse.aether.resolution.VersionRangeResult;
import org.eclipse.aether.util.version.GenericVersionScheme;
import org.eclipse.aether.version.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FetchedMavensTest {
  @TempDir private Path temporary;
  private final List<String> asked = new ArrayList<>();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[3.9.6] | 3.9.6",
        "[4.0.0-rc-3] | 4.0.0-rc-3",
        "[3.9,) | 3.9.11",
        "[3.8,3.9) | 3.8.8",
        "[3.9,5) | 3.9.11",
        "[4,) | 4.0.0",
      })
  void fetchesTheNewestOfTheOldestMajorVersionThatWillDo(String range, String version)
      throws IOException {
    archive("apache-maven-" + version + "/bin/mvn", "apache-maven-" + version + "/lib/a");
    var home = mavens().fetch(range);
    assertThat(home).hasFileName("apache-maven-" + version);
    assertThat(home.resolve("bin/mvn")).isExecutable();
    assertThat(home.resolve("lib/a")).hasContent("apache-maven-" + version + "/lib/a");
    assertThat(asked).last().isEqualTo("org.apache.maven:apache-maven:zip:bin:" + version);

    asked.clear();
    assertThat(mavens().fetch(range)).as("it is kept").isEqualTo(home);
    assertThat(asked).isEmpty();
  }

  @Test
  void saysThatThereIsNone() {
    assertThatThrownBy(() -> mavens().fetch("[9,)"))
        .isInstanceOf(IOException.class)
        .hasMessage("there is no release of it in the repositories of this build");
    assertThatThrownBy(() -> mavens().fetch("[3.0.1]"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("apache-maven:zip:bin:3.0.1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "../evil | the archive has a file outside of it: ../evil",
        "/evil | the archive has a file outside of it: /evil",
        "apache-maven-3.9.6/../../../evil | the archive has a file outside of it:"
            + " apache-maven-3.9.6/../../../evil",
        "apache-maven-3.9.5/bin/mvn | maven.zip is no Maven: it has no bin/mvn",
      })
  void refusesArchivesThatAreNoMaven(String entry, String message) throws IOException {
    archive(entry);
    assertThatThrownBy(() -> mavens().fetch("[3.9.6]"))
        .isInstanceOf(IOException.class)
        .hasMessage(message);
    assertThat(temporary.resolve("mavens")).isEmptyDirectory();
    assertThat(temporary.resolve("evil")).doesNotExist();
  }

  private FetchedMavens mavens() {
    var system =
        (RepositorySystem)
            Proxy.newProxyInstance(
                RepositorySystem.class.getClassLoader(),
                new Class<?>[] {RepositorySystem.class},
                (proxy, method, arguments) -> answer(arguments[1]));
    return new FetchedMavens(
        system, MavenRepositorySystemUtils.newSession(), List.of(), temporary.resolve("mavens"));
  }

  /** Answers as a repository does that has these versions, one archive and nothing else. */
  private Object answer(Object request) throws Exception {
    if (request instanceof VersionRangeRequest range) {
      var result = new VersionRangeResult(range);
      var scheme = new GenericVersionScheme();
      for (var version : List.of("3.8.8", "3.9.0", "3.9.11", "4.0.0-rc-4", "4.0.0", "4.1.0-beta")) {
        // Of all ranges; whoever asks looks at them again.
        Version published = scheme.parseVersion(version);
        result.addVersion(published);
      }
      return result;
    }
    var artifact = ((ArtifactRequest) request).getArtifact();
    asked.add(artifact.toString());
    var zip = temporary.resolve("maven.zip");
    if (!Files.exists(zip)) {
      throw new ArtifactResolutionException(List.of(), "Could not find artifact " + artifact);
    }
    return new ArtifactResult((ArtifactRequest) request)
        .setArtifact(artifact.setFile(zip.toFile()));
  }

  private void archive(String... entries) throws IOException {
    try (var zip = new ZipOutputStream(Files.newOutputStream(temporary.resolve("maven.zip")))) {
      for (var entry : entries) {
        zip.putNextEntry(new ZipEntry(entry));
        zip.write(entry.getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
      }
    }
  }
}

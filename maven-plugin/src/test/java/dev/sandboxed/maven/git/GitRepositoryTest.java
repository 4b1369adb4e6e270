package dev.sandboxed.maven.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GitRepositoryTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://git.example.org/team/project.git",
        "ssh://git@git.example.org:2222/team/project",
        "git@git.example.org:team/project.git",
        "git.example.org:project",
        "file:///srv/project.git",
      })
  void isWhereGitFindsIt(String url) throws Exception {
    assertThat(repository(url).url()).isEqualTo(url);
    assertThat(repository(url).name()).isEqualTo("project");
  }

  @Test
  void isADirectory() throws Exception {
    Files.createDirectory(directory.resolve("a project"));
    var repository = repository("a project");
    assertThat(repository.url()).isEqualTo("file://" + directory.resolve("a project"));
    assertThat(repository.name()).isEqualTo("a-project");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http://git.example.org/a.git|anybody on the way could change what comes by http",
        "git://git.example.org/a.git|anybody on the way could change what comes by git",
        "ext::sh -c evil|sandbox.repo is \"ext::sh -c evil\"; write https://",
        "fd::17|sandbox.repo is \"fd::17\"",
        "ftp://git.example.org/a|sandbox.repo is",
        "--upload-pack=evil|sandbox.repo is",
        "no-such-directory|sandbox.repo is",
        "' '|sandbox.repo is",
      })
  void isNothingElse(String url, String message) {
    assertThatThrownBy(() -> repository(url))
        .isInstanceOf(GitException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-x", "+refs/heads/*:refs/heads/*", "a b", "a..b\n", "a^", "a:b", ""})
  void refusesWhatIsNoRef(String ref) {
    assertThatThrownBy(() -> GitRepository.of("https://example.org/a", Optional.of(ref), directory))
        .isInstanceOf(GitException.class)
        .hasMessageContaining("sandbox.ref is \"" + ref + "\"; name a branch, a tag");
  }

  @Test
  void showsNoPassword() throws Exception {
    var repository = repository("https://me:secret@git.example.org/a.git");
    assertThat(repository.shown()).isEqualTo("https://***@git.example.org/a.git");
    assertThat(repository.urlWithoutPassword()).isEqualTo("https://git.example.org/a.git");
    assertThat(repository("ssh://git:secret@git.example.org/a").urlWithoutPassword())
        .isEqualTo("ssh://git@git.example.org/a");
    assertThatThrownBy(() -> repository("http://me:secret@git.example.org/a.git"))
        .hasMessageNotContaining("secret");
  }

  private GitRepository repository(String url) throws GitException {
    return GitRepository.of(url, Optional.empty(), directory);
  }
}

package dev.sandboxed.core.binaries;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.BackendUnavailableException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheRootTest {
  @Test
  void the_system_property_goes_first() {
    Settings settings =
        Settings.of(
            Map.of("sandboxed.cache", "/a", "user.home", "/home/me"),
            Map.of("SANDBOXED_CACHE", "/b", "XDG_CACHE_HOME", "/c"));

    assertThat(CacheRoot.from(settings).path()).isEqualTo(Path.of("/a"));
  }

  @Test
  void then_the_environment_variable() {
    Settings settings =
        Settings.of(
            Map.of("sandboxed.cache", " ", "user.home", "/home/me"),
            Map.of("SANDBOXED_CACHE", "/b", "XDG_CACHE_HOME", "/c"));

    assertThat(CacheRoot.from(settings).path()).isEqualTo(Path.of("/b"));
  }

  @Test
  void then_the_cache_directory_of_the_desktop() {
    Settings settings =
        Settings.of(Map.of("user.home", "/home/me"), Map.of("XDG_CACHE_HOME", "/c"));

    assertThat(CacheRoot.from(settings).path()).isEqualTo(Path.of("/c/sandboxed"));
  }

  @Test
  void then_the_home_directory() {
    Settings settings =
        Settings.of(Map.of("user.home", "/home/me"), Map.of("XDG_CACHE_HOME", "relative"));

    assertThat(CacheRoot.from(settings).path()).isEqualTo(Path.of("/home/me/.cache/sandboxed"));
  }

  @Test
  void a_relative_directory_is_refused() {
    assertThatThrownBy(
            () -> CacheRoot.from(Settings.of(Map.of("sandboxed.cache", "a/b"), Map.of())))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage(
            "The cache directory 'a/b' is not an absolute path; name another directory with"
                + " -Dsandboxed.cache=/path or SANDBOXED_CACHE=/path.");
  }

  @Test
  void a_user_without_a_home_is_told_what_to_set() {
    assertThatThrownBy(() -> CacheRoot.from(Settings.of(Map.of("user.home", "?"), Map.of())))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining("no home directory (user.home is '?')")
        .hasMessageContaining("-Dsandboxed.cache=/path");
  }

  @Test
  void directories_stay_under_the_root(@TempDir Path temp) {
    CacheRoot root = new CacheRoot(temp.resolve("cache"));

    assertThat(root.directory("a/b")).isEqualTo(temp.resolve("cache/a/b")).isDirectory();
    assertThatThrownBy(() -> root.directory("../b")).isInstanceOf(IllegalArgumentException.class);
  }
}

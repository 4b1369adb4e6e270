package dev.sandboxed.core.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.binaries.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegistrySettingsTest {

  @Test
  void without_settings_nothing_is_insecure_and_tags_hold_for_an_hour() {
    var settings = RegistrySettings.from(Settings.of(Map.of("user.home", "/home/me"), Map.of()));

    assertThat(settings.defaultRegistry()).isEmpty();
    assertThat(settings.mirrors()).isEmpty();
    assertThat(settings.insecure()).isEmpty();
    assertThat(settings.authorities()).isEmpty();
    assertThat(settings.refresh()).isEqualTo(Duration.ofHours(1));
    assertThat(settings.patience()).isEqualTo(Duration.ofMinutes(1));
    assertThat(settings.dockerConfig()).isEqualTo(Path.of("/home/me/.docker"));
  }

  @Test
  void properties_go_before_variables() {
    var settings =
        RegistrySettings.from(
            Settings.of(
                Map.of(
                    "sandboxed.registry", "a.example",
                    "sandboxed.registry.mirrors", "a.example=b.example:1, a.example=[::1]:2",
                    "sandboxed.registry.refresh", "PT0S"),
                Map.of(
                    "SANDBOXED_REGISTRY", "ignored.example",
                    "SANDBOXED_REGISTRY_INSECURE", "b.example:1,,localhost",
                    "SANDBOXED_REGISTRY_CA", "/a.pem,/b.pem",
                    "SANDBOXED_REGISTRY_TIMEOUT", "PT5S",
                    "DOCKER_CONFIG", "/docker")));

    assertThat(settings.defaultRegistry()).contains("a.example");
    assertThat(settings.mirrors())
        .isEqualTo(Map.of("a.example", List.of("b.example:1", "[::1]:2")));
    assertThat(settings.insecure()).containsExactlyInAnyOrder("b.example:1", "localhost");
    assertThat(settings.authorities()).containsExactly(Path.of("/a.pem"), Path.of("/b.pem"));
    assertThat(settings.refresh()).isZero();
    assertThat(settings.patience()).isEqualTo(Duration.ofSeconds(5));
    assertThat(settings.dockerConfig()).isEqualTo(Path.of("/docker"));
  }

  @ParameterizedTest
  @CsvSource({
    "sandboxed.registry, https://a.example",
    "sandboxed.registry, a.example/b",
    "sandboxed.registry.mirrors, a.example",
    "sandboxed.registry.insecure, a b",
    "sandboxed.registry.refresh, 1h",
    "sandboxed.registry.refresh, PT-1S",
    "sandboxed.registry.timeout, x",
  })
  void what_is_malformed_is_named(String property, String value) {
    assertThatThrownBy(() -> RegistrySettings.from(Settings.of(Map.of(property, value), Map.of())))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("The setting " + property + " has \"" + value + "\"");
  }
}

package dev.sandboxed.core.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.ByteSize;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.binaries.Settings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildSettingsTest {
  @Test
  void defaults_are_generous_and_quiet() {
    assertThat(BuildSettings.from(Settings.of(Map.of(), Map.of())))
        .isEqualTo(
            new BuildSettings(Optional.empty(), ByteSize.parse("16g"), Duration.ofHours(1), false));
  }

  @Test
  void properties_go_before_variables() {
    var settings =
        BuildSettings.from(
            Settings.of(
                Map.of("sandboxed.build.timeout", "2h", "sandboxed.build.log", "TRUE"),
                Map.of(
                    "SANDBOXED_BUILD_TIMEOUT",
                    "3h",
                    "SANDBOXED_BUILD_MEMORY",
                    "8g",
                    "SANDBOXED_BUILD_DISK",
                    "1g")));
    assertThat(settings)
        .isEqualTo(
            new BuildSettings(
                Optional.of(ByteSize.parse("8g")),
                ByteSize.parse("1g"),
                Duration.ofHours(2),
                true));
  }

  @ParameterizedTest
  @CsvSource({
    "sandboxed.build.timeout, soon",
    "sandboxed.build.timeout, 0s",
    "sandboxed.build.timeout, 24h",
    "sandboxed.build.memory, much",
    "sandboxed.build.disk, -1g",
    "sandboxed.build.log, yes",
  })
  void mistakes_name_the_setting(String name, String value) {
    var settings = Settings.of(Map.of(name, value), Map.of());
    assertThatThrownBy(() -> BuildSettings.from(settings))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining(name);
  }
}

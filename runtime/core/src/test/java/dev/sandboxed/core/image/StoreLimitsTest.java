package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.ByteSize;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.binaries.Settings;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StoreLimitsTest {
  @Test
  void areThoseOfTheSettings() {
    assertThat(of(Map.of(), Map.of()))
        .isEqualTo(new StoreLimits(new ByteSize(20L << 30), Duration.ofDays(30)));
    assertThat(
            of(
                Map.of("sandboxed.images.max-size", "5g"),
                Map.of("SANDBOXED_IMAGES_MAX_SIZE", "1g", "SANDBOXED_IMAGES_MAX_AGE", "7d")))
        .isEqualTo(new StoreLimits(new ByteSize(5L << 30), Duration.ofDays(7)));
  }

  @Test
  void nameTheSettingThatIsMalformed() {
    assertThatThrownBy(() -> of(Map.of("sandboxed.images.max-size", "much"), Map.of()))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("The setting sandboxed.images.max-size is malformed: \"much\"");
    assertThatThrownBy(() -> of(Map.of(), Map.of("SANDBOXED_IMAGES_MAX_AGE", "long")))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("The setting sandboxed.images.max-age is malformed: \"long\"");
  }

  private static StoreLimits of(Map<String, String> properties, Map<String, String> variables) {
    return StoreLimits.from(Settings.of(properties, variables));
  }
}

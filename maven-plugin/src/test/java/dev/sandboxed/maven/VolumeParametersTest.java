package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Volume;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VolumeParametersTest {

  @Test
  void reads_volumes_parts_and_what_is_read_only() {
    assertThat(
            new VolumeParameters(
                    List.of("pip-cache:/cache", " models/v2/small:/models:ro", "site:/a:b"))
                .volumes())
        .containsExactly(
            entry("/cache", Volume.named("pip-cache")),
            entry("/models", Volume.named("models").subPath("v2/small").readOnly()),
            entry("/a:b", Volume.named("site")));
    assertThat(new VolumeParameters(null).volumes()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "cache, name:/target",
    ":/cache, name:/target",
    "cache:relative, name:/target",
    "ca che:/cache, ca che",
    "cache/../x:/cache, ..",
    "'', name:/target"
  })
  void says_what_is_wrong(String wrong, String said) {
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> new VolumeParameters(List.of(wrong)).volumes())
        .withMessageStartingWith("sandbox.volumes")
        .withMessageContaining(said);
  }

  @Test
  void refuses_two_with_one_target_and_an_empty_one() {
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> new VolumeParameters(List.of("a:/x", "b:/x:ro")).volumes())
        .withMessage("sandbox.volumes: two volumes have the target /x; use each target once");
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> new VolumeParameters(Arrays.asList("a:/x", null)).volumes())
        .withMessageContaining("\"\"");
  }
}

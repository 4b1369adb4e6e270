package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class SecretMaskTest {
  private static final SecretMask MASK =
      SecretMask.of(
          Secret.fromMap(
              Map.of(
                  "A",
                  "hunter2",
                  "B",
                  "hunter2-and-more",
                  "C",
                  "line one\nline two\nx",
                  "D",
                  "1")));

  @Test
  void takesValuesOutLongestFirst() {
    assertThat(MASK.apply("[hunter2] [hunter2-and-more] hunter2hunter2 1"))
        .isEqualTo("[***] [***] ****** 1");
    assertThat(MASK.apply("  line two\n  line one")).isEqualTo("  ***\n  ***");
    assertThat(MASK.apply(List.of("login", "--password=hunter2")))
        .containsExactly("login", "--password=***");
    assertThat(MASK).hasToString("mask for 5 values");
    assertThat(SecretMask.none().apply("hunter2")).isEqualTo("hunter2");
  }

  @Test
  void resultsShowNoSecretAndKeepTheirStreams() {
    var output =
        ("x".repeat(5000) + "hunter2\n" + "y".repeat(4090)).getBytes(StandardCharsets.UTF_8);
    var result =
        new ExecResult(
            List.of("echo", "hunter2"),
            new ExitStatus(1, ExitReason.EXITED),
            output,
            "hunter2".getBytes(StandardCharsets.UTF_8),
            Duration.ofSeconds(1),
            MASK);
    assertThat(result.toString()).doesNotContain("hunter2", "nter2", "r2\n").contains("echo '***'");
    assertThat(result.stdout()).contains("hunter2");
    assertThat(new ExecTimeoutException(Duration.ofSeconds(1), result))
        .hasMessageNotContaining("nter2");
  }

  @Property
  void noTextKeepsAValue(
      @ForAll @StringLength(min = 4, max = 12) String value,
      @ForAll String before,
      @ForAll String after) {
    if (value.indexOf('\0') >= 0 || value.contains("*")) {
      return;
    }
    var mask = SecretMask.of(List.of(Secret.of("A", value)));
    assertThat(mask.apply(before + value + after)).doesNotContain(value);
  }
}

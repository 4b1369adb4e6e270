package dev.sandboxed.core.build;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class StepOutputTest {
  private final List<String> lines = new ArrayList<>();

  @Test
  void lines_are_handed_on_and_the_last_are_kept() throws IOException {
    var output = read(SecretMask.none(), "one\r\n\ntwo\rthree\nfour".getBytes(UTF_8));
    assertThat(lines).containsExactly("one", "two", "three", "four");
    assertThat(output.tail()).isEqualTo("one\ntwo\nthree\nfour");
  }

  @Test
  void what_is_kept_is_bounded() throws IOException {
    var output = read(SecretMask.none(), "line\n".repeat(1000).getBytes(UTF_8));
    assertThat(lines).hasSize(1000);
    assertThat(output.tail().lines()).hasSize(StepOutput.MAX_LINES);
    output = read(SecretMask.none(), ("x".repeat(3999) + "\n").repeat(9).getBytes(UTF_8));
    assertThat(output.tail()).hasSizeLessThanOrEqualTo(StepOutput.MAX_KEPT + 40);
  }

  @Test
  void long_lines_are_cut() throws IOException {
    read(
        SecretMask.none(),
        ("x".repeat(4001) + "\n" + "y".repeat(10 << 20) + "\nz").getBytes(UTF_8));
    assertThat(lines).containsExactly("x".repeat(4000) + "…", "y".repeat(4000) + "…", "z");
  }

  @Test
  void secrets_are_masked_also_at_the_end_of_a_line_that_is_cut() throws IOException {
    var mask = SecretMask.of(List.of(Secret.of("A", "s3cret-value")));
    var output = read(mask, ("the s3cret-value\n" + "s3cret-value".repeat(9000)).getBytes(UTF_8));
    assertThat(lines).hasSize(2).noneMatch(line -> line.contains("s3cret") || line.contains("s3c"));
    assertThat(lines.get(0)).isEqualTo("the ***");
    assertThat(output.tail()).doesNotContain("s3c");
  }

  @Test
  void nothing_reaches_a_terminal_that_it_would_act_on() throws IOException {
    var output = read(SecretMask.none(), "\u001b[2Jred\u202e\0\n".getBytes(UTF_8));
    assertThat(output.tail()).isEqualTo("\\u001b[2Jred\\u202e\\u0000");
  }

  @Property(tries = 300)
  void any_bytes_are_lines(@ForAll byte[] bytes) throws IOException {
    lines.clear();
    var output = read(SecretMask.none(), bytes);
    assertThat(lines).noneMatch(line -> line.isBlank() || line.indexOf('\n') >= 0);
    assertThat(output.silentNanos()).isNotNegative();
  }

  private StepOutput read(SecretMask mask, byte[] bytes) throws IOException {
    var output = new StepOutput(mask, lines::add);
    output.read(new ByteArrayInputStream(bytes));
    return output;
  }
}

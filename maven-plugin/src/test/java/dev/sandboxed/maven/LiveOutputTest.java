package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LiveOutputTest {
  private final RecordingConsole console = new RecordingConsole();

  @Test
  void showsNoMoreThanTheLimitAndRemembersTheEnd() {
    var output = new LiveOutput(console, 20, SecretMask.none());
    IntStream.range(0, 1000).forEach(i -> output.accept("line " + i));
    assertThat(console.lines())
        .containsExactly(
            "| line 0",
            "| line 1",
            "| line 2",
            "WARNING The output is longer than 20 characters; the rest is not shown");
    assertThat(output.tail()).hasSize(LiveOutput.TAIL_LINES).endsWith("line 999");
  }

  @Test
  void showsNoSecret() {
    var mask = SecretMask.of(List.of(Secret.of("TOKEN", "hush-hush")));
    var output = new LiveOutput(console, 1000, mask);
    output.accept("TOKEN=hush-hush;");
    assertThat(console.lines()).containsExactly("| TOKEN=***;");
    assertThat(output.tail()).containsExactly("TOKEN=***;");
  }
}

package dev.sandboxed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExecResultTest {

  @Test
  void showsCommandStatusAndTheEndOfBothStreams() {
    var result = result(List.of("sh", "-c", "echo a b; exit 3"), 3, "a b\n", "");
    assertThat(result)
        .hasToString(
            """
            sh -c 'echo a b; exit 3': exit code 3
            stdout:
              a b
            stderr: (empty)\
            """);
  }

  @Test
  void showsOnlyTheEndOfLongOutput() {
    var result = result(List.of("yes"), 0, "y\n".repeat(5000) + "end", "");
    assertThat(result.toString())
        .contains("stdout (the last 4,096 of 10,003 bytes):")
        .contains("end")
        .hasSizeLessThan(12_000);
  }

  @Test
  void makesTerminalEscapesHarmless() {
    var result = result(List.of("x\u001b[2J"), 0, "\u001b]0;owned\u0007\u202e", "\r\u009b1m");
    assertThat(result.toString())
        .doesNotContain("\u001b")
        .doesNotContain("\u0007")
        .doesNotContain("\u202e")
        .doesNotContain("\u009b")
        .doesNotContain("\r")
        .contains("\\u001b]0;owned\\u0007\\u202e");
  }

  @Test
  void itsBytesCannotBeChanged() {
    var result = result(List.of("x"), 0, "abc", "");
    result.stdoutBytes()[0] = 'z';
    assertThat(result.stdout()).isEqualTo("abc");
  }

  private static ExecResult result(List<String> command, int code, String out, String err) {
    return new ExecResult(
        command,
        new ExitStatus(code, ExitReason.EXITED),
        out.getBytes(UTF_8),
        err.getBytes(UTF_8),
        Duration.ZERO);
  }
}

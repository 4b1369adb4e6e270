package dev.sandboxed.gvisor.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.LogLine;
import dev.sandboxed.Sandbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LogsTest {
  @Test
  void keeps_lines_with_times_and_streams_by_tail_and_since() throws Exception {
    var before = Instant.now().minusMillis(1);
    try (var sandbox = running("for i in 1 2 3; do echo $i; done; read go; echo late >&2; cat")) {
      await().untilAsserted(() -> assertThat(sandbox.logs().text()).isEqualTo("1\n2\n3\n"));
      assertThat(sandbox.logs().lines())
          .allSatisfy(l -> assertThat(l.source()).isEqualTo(LogLine.Source.STDOUT))
          .allSatisfy(l -> assertThat(l.at()).isBetween(before, Instant.now()));
      assertThat(sandbox.logs().tail(2).text()).isEqualTo("2\n3\n");
      assertThat(sandbox.logs().tail(0).lines()).isEmpty();

      var between = Instant.now().plusMillis(1);
      await().until(() -> Instant.now().isAfter(between));
      write(sandbox, "go\n");
      await()
          .untilAsserted(
              () -> assertThat(sandbox.logs().since(between).text()).isEqualTo("late\n"));
      sandbox.close();

      assertThat(sandbox.logs().text()).isEqualTo("1\n2\n3\nlate\n");
      assertThat(sandbox.logs().tail(1).lines())
          .singleElement()
          .satisfies(l -> assertThat(l.source()).isEqualTo(LogLine.Source.STDERR));
      assertThatExceptionOfType(InvalidSpecException.class)
          .isThrownBy(() -> sandbox.logs().tail(-1));
    }
  }

  @Test
  void follows_what_comes_up_to_the_end_of_the_sandbox() throws Exception {
    try (var sandbox = running("echo a; echo b; read go; echo c; printf d");
        var lines = sandbox.logs().tail(1).follow()) {
      await().until(() -> sandbox.logs().lines().size() == 2);
      var following = sandbox.logs().tail(1).follow().iterator();
      assertThat(following.next().text()).isEqualTo("b");
      write(sandbox, "go\n");
      assertThat(following.next().text()).isEqualTo("c");
      assertThat(following.next().text()).isEqualTo("d");
      assertThat(following.hasNext()).isFalse();
      assertThat(lines.map(LogLine::text)).endsWith("c", "d");
    }
  }

  @Test
  void a_sandbox_without_an_entrypoint_has_an_empty_log() {
    try (var sandbox = Sandbox.create()) {
      sandbox.exec("echo", "not the entrypoint").await();
      assertThat(sandbox.logs().lines()).isEmpty();
    }
  }

  @Test
  void a_reader_of_the_entrypoint_gets_every_byte_of_much() throws Exception {
    try (var sandbox = running("seq 1 5000000")) {
      var entrypoint = sandbox.entrypoint().orElseThrow();
      var expected = 0;
      try (var lines = entrypoint.stdout().lines()) {
        for (var i = lines.iterator(); i.hasNext(); ) {
          expected++;
          if (!i.next().equals(Integer.toString(expected))) {
            break;
          }
        }
      }
      assertThat(expected).isEqualTo(5_000_000);
      assertThat(entrypoint.waitFor().isSuccess()).isTrue();
    }
  }

  @Test
  void output_is_there_for_who_comes_after_the_end() {
    try (var sandbox = running("printf '\\377\\0'; echo err >&2")) {
      sandbox.waitFor();
      var entrypoint = sandbox.entrypoint().orElseThrow();
      assertThat(entrypoint.stdout().bytes()).containsExactly(0xff, 0);
      assertThat(entrypoint.stderr().text()).isEqualTo("err\n");
      assertThat(entrypoint.stdout().bytes()).isEmpty();
    }
  }

  @Test
  void several_handles_read_the_same_output() {
    try (var sandbox = running("echo for all; cat");
        var found = Sandbox.fromId(sandbox.id())) {
      for (var handle : Collections.nCopies(2, found)) {
        await().untilAsserted(() -> assertThat(handle.logs().text()).isEqualTo("for all\n"));
      }
      try (var lines = sandbox.entrypoint().orElseThrow().stdout().lines();
          var others = found.entrypoint().orElseThrow().stdout().lines()) {
        assertThat(lines.findFirst()).contains("for all");
        assertThat(others.findFirst()).contains("for all");
      }
    }
  }

  private static Sandbox running(String script) {
    return Sandbox.builder().command("sh", "-c", script).create();
  }

  private static void write(Sandbox sandbox, String text) throws IOException {
    var stdin = sandbox.entrypoint().orElseThrow().stdin();
    stdin.write(text.getBytes(StandardCharsets.UTF_8));
    stdin.flush();
  }
}

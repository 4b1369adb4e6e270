package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.SandboxInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SandboxTableTest {
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

  private static final SandboxInfo DB =
      new SandboxInfo(
          "sb-1",
          "ci",
          Optional.of("db"),
          Map.of("role", "db", "by", "me"),
          NOW.minusSeconds(75),
          "host",
          "postgres -D '/data dir'",
          Duration.ofHours(2),
          Optional.of(Duration.ofMinutes(5)),
          true,
          List.of(5432),
          SandboxInfo.Readiness.READY);

  private static final SandboxInfo PLAIN =
      new SandboxInfo(
          "sb-with-a-long-id",
          "default",
          Optional.empty(),
          Map.of(),
          NOW.minusSeconds(5),
          "directory /x",
          "",
          Duration.ofSeconds(30),
          Optional.empty(),
          false,
          List.of(),
          SandboxInfo.Readiness.UNKNOWN);

  private final RecordingConsole console = new RecordingConsole();

  @Test
  void shows_a_row_for_each_sandbox_in_columns() {
    new SandboxTable(List.of(DB, PLAIN), NOW).show(console);

    assertThat(console.lines())
        .containsExactly(
            "ID                 APP      NAME  TAGS           AGE    LEFT   READY  IMAGE        "
                + " COMMAND",
            "sb-1               ci       db    by=me,role=db  1m15s  1h58m  yes    host         "
                + " postgres -D '/data dir'",
            "sb-with-a-long-id  default  -     -              5s     25s    -      directory /x "
                + " -");
  }

  @Test
  void says_so_when_nothing_runs() {
    new SandboxTable(List.of(), NOW).show(console);
    assertThat(console.lines()).containsExactly("No sandbox runs.");
    assertThat(json()).isEqualTo("[]");
  }

  @Test
  void writes_json_for_programs() {
    assertThat(json(PLAIN))
        .isEqualTo(
            "[{\"id\":\"sb-with-a-long-id\",\"app\":\"default\",\"tags\":{},\"created\":\"2026-11-22T11:59:55Z\",\"timeoutSeconds\":30,\"detached\":false,\"image\":\"directory"
                + " /x\",\"command\":\"\",\"ports\":[]}]");
    assertThat(json(DB))
        .contains(
            "\"name\":\"db\"", "\"idleTimeoutSeconds\":300", "\"ports\":[5432]", "\"ready\":true");
  }

  private static String json(SandboxInfo... sandboxes) {
    return JsonOutput.of(new SandboxTable(List.of(sandboxes), NOW)::writeTo);
  }
}

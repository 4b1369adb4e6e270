package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.Backend;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What other versions wrote is read, or refused with a message that says what to do. */
@Timeout(120)
class StateFormatTest {
  @TempDir private Path records;
  private Settings settings;
  private Backend backend;

  @BeforeEach
  void open() {
    settings = TestSettings.with(Map.of(RecordDirectory.PROPERTY, records.toString()));
    backend = GvisorBackend.open(settings);
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @Test
  void reads_the_record_of_the_oldest_version_though_it_has_no_more_than_it_must()
      throws IOException {
    record(
        "sb-old",
        """
        {"format":1,"id":"sb-old","app":"ci","timeoutMillis":60000,"version":"0.0.1",
         "exit":{"code":7,"reason":"EXITED"}}
        """);
    var sandbox = backend.fromId("sb-old");
    assertThat(sandbox.poll()).contains(new ExitStatus(7, ExitReason.EXITED));
    assertThat(sandbox.spec().labels().app()).isEqualTo("ci");
    assertThat(sandbox.logs().lines()).isEmpty();
  }

  @Test
  void reads_a_record_with_members_that_came_later() throws IOException {
    record(
        "sb-more",
        """
        {"format":1,"id":"sb-more","app":"ci","timeoutMillis":60000,"version":"0.9","new":{"a":[1]},
         "exit":{"code":0,"reason":"EXITED","new":true}}
        """);
    assertThat(backend.fromId("sb-more").poll()).contains(new ExitStatus(0, ExitReason.EXITED));
  }

  @Test
  void refuses_the_record_of_a_later_format_with_its_version() throws IOException {
    record("sb-new", "{\"format\":2,\"id\":\"sb-new\",\"version\":\"9.1\"}");
    assertThatExceptionOfType(SandboxException.class)
        .isThrownBy(() -> backend.fromId("sb-new"))
        .withMessage(
            "The sandbox sb-new was started by the version 9.1, which describes it in format 2;"
                + " this one reads format 1. Use that version for it");
  }

  @Test
  void refuses_a_record_that_is_none() throws IOException {
    for (var broken : new String[] {"", "{", "[]", "{\"format\":1,\"id\":\"sb-x\"}"}) {
      record("sb-x", broken);
      assertThatExceptionOfType(SandboxException.class)
          .as(broken)
          .isThrownBy(() -> backend.fromId("sb-x"));
    }
  }

  @Test
  void leaves_a_running_sandbox_of_a_later_format_out_of_lists_and_says_why_when_asked_for_it()
      throws IOException {
    try (var sandbox = Sandbox.builder().backend(backend).create();
        var other = Sandbox.builder().backend(backend).create()) {
      var description = StateDirectory.open(settings).of(sandbox.id()).resolve("info.json");
      var later = Files.readString(description).replace("\"format\":1,", "\"format\":2,");
      var written = Files.writeString(records.resolve("later"), later);
      Files.copy(written, description, StandardCopyOption.REPLACE_EXISTING);

      assertThat(backend.list(SandboxFilter.all()))
          .extracting(SandboxInfo::id)
          .contains(other.id())
          .doesNotContain(sandbox.id());
      assertThatExceptionOfType(SandboxException.class)
          .isThrownBy(() -> backend.fromId(sandbox.id()))
          .withMessageContaining("in format 2")
          .withMessageContaining("Use that version");
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  private void record(String id, String json) throws IOException {
    Files.writeString(records.resolve(id + ".json"), json);
  }
}

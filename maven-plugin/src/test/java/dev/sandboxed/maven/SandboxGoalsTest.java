package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.ExitReason;
import dev.sandboxed.Sandbox;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The goals about sandboxes that run, on sandboxes that another backend created. */
@Timeout(120)
class SandboxGoalsTest {
  private final String app = "test-" + UUID.randomUUID();
  private final Lines lines = new Lines();

  @Test
  void list_exec_logs_and_stop_by_name_and_by_id() throws Exception {
    try (var sandbox =
        Sandbox.builder()
            .app(app)
            .name("web")
            .tag("role", "web")
            .command("sh", "-c", "echo one; echo two; cat")
            .create()) {
      await().until(() -> sandbox.logs().lines().size() == 2);

      list("role=web");
      assertThat(lines.take())
          .hasSize(2)
          .last()
          .asString()
          .contains(sandbox.id(), app, "web", "role=web", "host", "sh -c");
      list("role=db");
      assertThat(lines.take()).containsExactly("No sandbox runs.");

      exec(app + "/web", "echo out; echo err >&2");
      assertThat(lines.take()).containsExactlyInAnyOrder("out", "err");
      assertThatExceptionOfType(MojoFailureException.class)
          .isThrownBy(() -> exec(sandbox.id(), "exit 3"))
          .withMessageContaining("exit code 3")
          .withMessageContaining(sandbox.id());

      logs(app + "/web", 1);
      assertThat(lines.take()).containsExactly("two");

      var stop = new StopMojo();
      stop.sandboxId = sandbox.id();
      stop.setLog(lines);
      stop.execute();
      assertThat(lines.take()).singleElement().asString().contains(sandbox.id(), "TERMINATED");
      assertThat(sandbox.onExit().join().reason()).isEqualTo(ExitReason.TERMINATED);

      logs(sandbox.id(), 9);
      assertThat(lines.take()).containsExactly("one", "two");
      assertThatExceptionOfType(MojoExecutionException.class)
          .isThrownBy(() -> exec(app + "/web", "true"))
          .withMessageContaining("\"web\"");
    }
  }

  @Test
  void says_what_is_wrong_with_a_tag_and_an_output() {
    assertThatExceptionOfType(MojoExecutionException.class)
        .isThrownBy(() -> list("role"))
        .withMessageContaining("\"role\"")
        .withMessageContaining("key=value");
    assertThatExceptionOfType(MojoExecutionException.class)
        .isThrownBy(() -> Output.of("xml"))
        .withMessageContaining("\"xml\"")
        .withMessageContaining("table or json");
  }

  private void list(String tag) throws Exception {
    var list = new ListMojo();
    list.app = app;
    list.tags = List.of(tag);
    list.setLog(lines);
    list.execute();
  }

  private void exec(String id, String command) throws Exception {
    var exec = new ExecMojo();
    exec.sandboxId = id;
    exec.command = command;
    exec.setLog(lines);
    exec.execute();
  }

  private void logs(String id, int tail) throws Exception {
    var logs = new LogsMojo();
    logs.sandboxId = id;
    logs.tail = tail;
    logs.setLog(lines);
    logs.execute();
  }

  private static final class Lines extends SystemStreamLog {
    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void info(CharSequence content) {
      lines.add(content.toString());
    }

    @Override
    public void warn(CharSequence content) {
      lines.add(content.toString());
    }

    List<String> take() {
      var taken = List.copyOf(lines);
      lines.clear();
      return taken;
    }
  }
}

package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.ExitReason;
import dev.sandboxed.Sandbox;
import dev.sandboxed.Secret;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.logging.SystemStreamLog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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
  void writes_json_that_hostile_text_neither_breaks_nor_leaves() throws Exception {
    var hostile = "\u001b]0;x\u0007\"\\\u009b2J\u202e";
    try (var sandbox =
        Sandbox.builder()
            .app(app)
            .name("web")
            .secret(Secret.of("TOKEN", "unseen-value"))
            .command(
                "python3",
                "-c",
                "import os, sys; print(sys.argv[1] + os.environ['TOKEN'], flush=True);"
                    + " sys.stdin.read()",
                hostile)
            .create()) {
      await().until(() -> sandbox.logs().lines().size() == 1);

      var exec = new ExecMojo();
      exec.sandboxId = app + "/web";
      exec.command = "printf 'a\\033[2J\\377\\n'; echo $TOKEN >&2; exit 3";
      assertThat(json(exec))
          .isEqualTo(
              "{\"id\":\"%s\",\"exitCode\":3,\"reason\":\"EXITED\",\"stdout\":\"a\\u001B[2J\\uFFFD\\n\",\"stderr\":\"***\\n\"}\n"
                  .formatted(sandbox.id()));

      var logs = new LogsMojo();
      logs.sandboxId = sandbox.id();
      assertThat(json(logs))
          .matches("\\{\"at\":\"[0-9TZ:.-]+\",\"source\":\"STDOUT\",\"text\":\"[ -~]+\"}\n")
          .contains("\\u001B]0;x\\u0007\\\"\\\\\\u009B2J\\u202E***");

      var list = new ListMojo();
      list.app = app;
      assertThat(json(list))
          .matches("\\[\\{[ -~]+}]\n")
          .contains("\"name\":\"web\"", "\"id\":\"" + sandbox.id() + "\"");

      var stop = new StopMojo();
      stop.sandboxId = sandbox.id();
      assertThat(json(stop))
          .isEqualTo(
              "{\"id\":\"%s\",\"exitCode\":137,\"reason\":\"TERMINATED\"}\n"
                  .formatted(sandbox.id()));

      assertThat(json(new PruneMojo()))
          .matches(
              "\\{\"removed\":\\[(\"[a-z0-9-]+\",?)+],\"images\":\\{\"files\":\\d+,\"layers\":\\d+,\"snapshots\":\\d+,\"bytes\":\\d+}}\n")
          .contains("\"" + sandbox.id() + "\"");
      assertThat(lines.take()).isEmpty();
    }
  }

  @Test
  void puts_lists_gets_and_removes_files_of_volumes(@TempDir Path host) throws Exception {
    var name = app;
    var site = Files.createDirectories(host.resolve("site/css"));
    Files.writeString(site.resolve("a.css"), "a {}");
    Files.writeString(host.resolve("site/index.html"), "one");

    volumes(name, v -> v.put = host.resolve("site").toFile());
    assertThat(lines.take()).containsExactly("put " + host.resolve("site") + ": volume " + name);
    volumes(name, v -> {});
    assertThat(lines.take()).hasSize(3).first(STRING).matches("TYPE +SIZE +MODIFIED +PATH");
    volumes(name, v -> v.path = "css");
    assertThat(lines.take()).last(STRING).matches("file +4 +[0-9TZ:-]+ +css/a\\.css");
    volumes(null, v -> {});
    assertThat(lines.take()).anyMatch(l -> l.matches(name + " +[0-9TZ:-]+ +no"));

    Files.writeString(host.resolve("new"), "two");
    assertThatExceptionOfType(MojoExecutionException.class)
        .isThrownBy(
            () ->
                volumes(
                    name,
                    v -> {
                      v.put = host.resolve("new").toFile();
                      v.path = "index.html";
                    }))
        .withMessageContaining("index.html");
    volumes(
        name,
        v -> {
          v.put = host.resolve("new").toFile();
          v.path = "index.html";
          v.force = true;
        });
    var out = host.resolve("out");
    volumes(
        name,
        v -> {
          v.get = out.toFile();
          v.path = "index.html";
        });
    assertThat(out).hasContent("two");
    assertThatExceptionOfType(MojoExecutionException.class)
        .isThrownBy(
            () ->
                volumes(
                    name,
                    v -> {
                      v.get = out.toFile();
                      v.path = "css/a.css";
                    }))
        .withMessageContaining("sandbox.force");
    assertThat(out).hasContent("two");
    assertThat(host).isDirectoryNotContaining("glob:**.part");

    lines.take();
    var json = new VolumesMojo();
    json.volume = name;
    assertThat(json(json))
        .matches(
            "\\[\\{\"path\":\"css\",\"type\":\"DIRECTORY\",\"size\":[0-9]+,\"modified\":\"[0-9TZ:.-]+\"},\\{\"path\":\"index.html\",\"type\":\"FILE\",\"size\":3,\"modified\":\"[0-9TZ:.-]+\"}]\n");
    assertThat(json(new VolumesMojo()))
        .contains("{\"name\":\"" + name + "\",\"created\":\"")
        .contains("\",\"inUse\":false}");
    json.path = "css";
    json.remove = true;
    assertThat(json(json)).isEqualTo("{\"volume\":\"%s\",\"removed\":\"css\"}\n".formatted(name));
    volumes(name, v -> v.remove = true);
    assertThatExceptionOfType(MojoExecutionException.class)
        .isThrownBy(() -> volumes(name, v -> {}))
        .withMessageContaining(name);
  }

  @Test
  void says_which_volume_goals_do_not_fit_together(@TempDir Path host) {
    assertThatExceptionOfType(MojoExecutionException.class)
        .isThrownBy(() -> volumes(null, v -> v.remove = true))
        .withMessageContaining("-Dsandbox.volume");
    assertThatExceptionOfType(MojoExecutionException.class)
        .isThrownBy(
            () ->
                volumes(
                    app,
                    v -> {
                      v.remove = true;
                      v.put = host.toFile();
                    }))
        .withMessageContaining("Only one");
    assertThatExceptionOfType(MojoExecutionException.class)
        .isThrownBy(() -> volumes(app, v -> v.get = host.resolve("x").toFile()))
        .withMessageContaining("-Dsandbox.path");
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

  private void volumes(@Nullable String name, Consumer<VolumesMojo> parameters) throws Exception {
    var volumes = new VolumesMojo();
    volumes.volume = name;
    parameters.accept(volumes);
    volumes.setLog(lines);
    volumes.execute();
  }

  /** Runs a goal; returns what it wrote to standard output. */
  private String json(AbstractSandboxesMojo goal) throws Exception {
    var written = new ByteArrayOutputStream();
    goal.output = "json";
    goal.stdout = new PrintStream(written, true, StandardCharsets.UTF_8);
    goal.setLog(lines);
    goal.execute();
    return written.toString(StandardCharsets.UTF_8);
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

package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFilter;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes that build the same image in one store. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BuildingProcessesTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir private Path cache;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void end() {
    processes.forEach(Process::destroyForcibly);
    await().atMost(PATIENCE).until(() -> steps() == 0);
  }

  @Test
  void take_a_step_once() throws Exception {
    var outputs = new ArrayList<BufferedReader>();
    for (var i = 0; i < 3; i++) {
      outputs.add(builder("yes"));
    }
    for (var process : processes) {
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
    }

    var lines = new ArrayList<String>();
    for (var output : outputs) {
      output.lines().forEach(lines::add);
    }
    assertThat(lines).filteredOn("begun"::equals).hasSize(1);
    assertThat(lines).filteredOn(line -> line.startsWith("id ")).hasSize(3);
    assertThat(lines.stream().filter(line -> line.startsWith("id ")).distinct()).hasSize(1);
  }

  @Test
  void leave_nothing_that_counts_when_they_are_killed_in_a_step() throws Exception {
    var killed = builder("no");
    begin(killed);
    assertThat(steps()).isEqualTo(1);
    processes.get(0).destroyForcibly();
    await().atMost(PATIENCE).until(() -> steps() == 0);

    var next = builder("yes");
    begin(next);
    assertThat(next.lines()).singleElement().asString().startsWith("id ");
    try (var files = Files.walk(cache.resolve("images"))) {
      assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".tmp"));
    }
  }

  private void begin(BufferedReader output) throws IOException {
    var process = processes.get(processes.size() - 1);
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    assertThat(output.readLine()).isEqualTo("begun");
  }

  /** Starts a process that waits until it is told to build. */
  private BufferedReader builder(String finish) throws IOException {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dsandboxed.cache=" + cache,
                "-cp",
                System.getProperty("java.class.path"),
                Builder.class.getName(),
                finish)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    processes.add(process);
    var output = process.inputReader(StandardCharsets.UTF_8);
    assertThat(output.readLine()).isEqualTo("there");
    return output;
  }

  private static int steps() {
    return Sandbox.list(SandboxFilter.all().app("image-build")).size();
  }
}

package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program on a real terminal, which Python holds the other end of. */
final class TerminalProgram implements AutoCloseable {
  private final Process process;
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  TerminalProgram(int rows, int columns, List<String> program, Map<String, String> env)
      throws IOException {
    var command = new ArrayList<>(List.of("python3", script(), "" + rows, "" + columns));
    command.addAll(program);
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(env);
    process = builder.start();
    var reader =
        new Thread(
            () -> {
              try (var output = process.getInputStream()) {
                output.transferTo(shown);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    reader.setDaemon(true);
    reader.start();
  }

  void type(String text) throws IOException {
    tell("type " + text);
  }

  /** Does what the script knows. */
  void tell(String what) throws IOException {
    process.getOutputStream().write((what + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /** Waits until something was shown. */
  void awaitShown(String text) {
    await().atMost(60, TimeUnit.SECONDS).untilAsserted(() -> assertThat(shown()).contains(text));
  }

  String shown() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static String script() {
    var script = TerminalProgram.class.getResource("terminal.py");
    if (script == null) {
      throw new IllegalStateException("terminal.py is not beside this class");
    }
    try {
      return Path.of(script.toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.sandboxed.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A program of the host.
 *
 * @param directory where it runs
 * @param environment what it finds in its environment besides that of this process
 * @param command its name and its arguments
 */
record Program(Path directory, Map<String, String> environment, List<String> command) {
  private static final int TAIL = 30;

  /** Runs it to its end, and returns how many milliseconds that took. */
  double millis() throws IOException, InterruptedException {
    return millis(line -> {});
  }

  /**
   * Runs it to its end, and returns how many milliseconds that took.
   *
   * @param lines takes what it prints, as it comes
   * @throws IOException if it fails
   */
  double millis(Consumer<String> lines) throws IOException, InterruptedException {
    var started = System.nanoTime();
    var builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    var process = builder.start();
    process.getOutputStream().close();
    var tail = new ArrayDeque<String>();
    try (var out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (var line = out.readLine(); line != null; line = out.readLine()) {
        lines.accept(line);
        tail.add(line);
        if (tail.size() > TAIL) {
          tail.remove();
        }
      }
    }
    if (process.waitFor() != 0) {
      throw new IOException(
          "%s in %s ended with %d:%n%s"
              .formatted(
                  String.join(" ", command),
                  directory,
                  process.exitValue(),
                  String.join("\n", tail)));
    }
    return (System.nanoTime() - started) / 1e6;
  }
}

package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A command of the host, run to its end with its output in a file.
 *
 * @param directory where it runs
 * @param env added to this process' environment
 * @param line the program and its arguments
 */
record Command(Path directory, Map<String, String> env, List<String> line) {
  private static final int MINUTES = 20;
  private static final int TAIL_LINES = 40;

  static Command of(Path directory, String... line) {
    return new Command(directory, Map.of(), List.of(line));
  }

  Command env(String name, String value) {
    var changed = new LinkedHashMap<>(env);
    changed.put(name, value);
    return new Command(directory, changed, line);
  }

  Command with(String... arguments) {
    var changed = new ArrayList<>(line);
    changed.addAll(List.of(arguments));
    return new Command(directory, env, changed);
  }

  /** Runs it and returns its output, whatever its exit code. */
  Result run() throws IOException, InterruptedException {
    var output = Files.createTempFile("real-input", ".log");
    try {
      var builder =
          new ProcessBuilder(line)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(output.toFile());
      builder.environment().putAll(env);
      var began = System.nanoTime();
      var process = builder.start();
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        throw new AssertionError(
            "%s did not end within %d minutes:%n%s"
                .formatted(line, MINUTES, tail(Files.readString(output))));
      }
      return new Result(
          process.exitValue(), Files.readString(output), (System.nanoTime() - began) / 1e9);
    } finally {
      Files.delete(output);
    }
  }

  /** Runs it and returns its output; fails if it does. */
  String check() throws IOException, InterruptedException {
    var result = run();
    if (result.code != 0) {
      throw new AssertionError(
          "%s in %s ended with the exit code %d:%n%s"
              .formatted(line, directory, result.code, tail(result.output)));
    }
    return result.output;
  }

  static String tail(String text) {
    var lines = text.lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
  }

  /**
   * What a command left.
   *
   * @param code its exit code
   * @param output all it printed
   * @param seconds how long it took
   */
  record Result(int code, String output, double seconds) {}
}

package dev.sandboxed.gvisor;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the small, quick commands of our own programs on the host. */
final class Commands {
  private static final int MAX_OUTPUT = 1 << 20;
  private static final int PATIENCE_SECONDS = 30;

  private Commands() {}

  /**
   * What a command printed.
   *
   * @param code its exit code
   * @param output its stdout and stderr, at most a mebibyte
   */
  record Output(int code, String output) {}

  /** Runs a command to its end, with an empty environment. */
  static Output run(List<String> command) throws IOException, InterruptedException {
    var process = builder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    try (InputStream in = process.getInputStream()) {
      var bytes = in.readNBytes(MAX_OUTPUT);
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("it did not end within %d s".formatted(PATIENCE_SECONDS));
      }
      return new Output(process.exitValue(), new String(bytes, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Returns what a command prints while it runs, which the caller closes. */
  static InputStream read(List<String> command) throws IOException {
    var process = builder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    process.getOutputStream().close();
    return process.getInputStream();
  }

  /** Starts a command that nobody waits for. */
  static void start(List<String> command) throws IOException {
    builder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
        .getOutputStream()
        .close();
  }

  private static ProcessBuilder builder(List<String> command) {
    var builder = new ProcessBuilder(command).directory(new File("/"));
    builder.environment().clear();
    return builder;
  }
}

package dev.sandboxed.core.buildtools;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs the host's build tools, with the user's environment, bounded in time and output.
 * Thread-safe.
 */
final class HostCommands {
  private static final int MAX_OUTPUT = 4 << 20;

  private final HostEnvironment environment;
  private final Executor executor;
  private final Duration limit;
  private final long deadline;

  /**
   * Makes a runner.
   *
   * @param limit for all its commands together, from now
   */
  HostCommands(HostEnvironment environment, Executor executor, Duration limit) {
    this.environment = environment;
    this.executor = executor;
    this.limit = limit;
    deadline = System.nanoTime() + limit.toNanos();
  }

  /**
   * What a command left.
   *
   * @param code its exit code
   * @param output its stdout
   * @param errors its stderr; it may hold secrets
   */
  record Output(int code, String output, String errors) {
    boolean succeeded() {
      return code == 0;
    }
  }

  HostEnvironment environment() {
    return environment;
  }

  /** Runs a command outside of any project. */
  Output run(List<String> command) throws IOException, InterruptedException {
    return run(command, Path.of("/"), Map.of());
  }

  /**
   * Runs a command to its end.
   *
   * @param variables on top of the user's
   * @throws IOException if it does not start, or takes too long; the message names the program
   */
  Output run(List<String> command, Path directory, Map<String, String> variables)
      throws IOException, InterruptedException {
    var name = String.valueOf(Path.of(command.get(0)).getFileName());
    var builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectInput(new File("/dev/null"));
    builder.environment().clear();
    builder.environment().putAll(environment.variables());
    builder.environment().putAll(variables);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new IOException(name + " does not start: " + e.getMessage(), e);
    }
    var remaining = Math.max(0, deadline - System.nanoTime());
    var watchdog = CompletableFuture.delayedExecutor(remaining, TimeUnit.NANOSECONDS, executor);
    var late = new AtomicBoolean();
    var alarm =
        CompletableFuture.runAsync(
            () -> {
              late.set(true);
              kill(process);
            },
            watchdog);
    try {
      var errors = CompletableFuture.supplyAsync(() -> read(process.getErrorStream()), executor);
      var output = read(process.getInputStream());
      var code = process.waitFor();
      var result = new Output(code, output, errors.join());
      if (late.get()) {
        throw tooLate(name);
      }
      return result;
    } catch (UncheckedIOException | CompletionException e) {
      if (late.get()) {
        throw tooLate(name);
      }
      throw new IOException(
          "what %s printed cannot be read: %s".formatted(name, e.getMessage()), e);
    } finally {
      alarm.cancel(false);
      kill(process);
    }
  }

  private IOException tooLate(String name) {
    return new IOException("%s did not end within %d s".formatted(name, limit.toSeconds()));
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static String read(InputStream stream) {
    try (stream) {
      var text = new String(stream.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8);
      // Whoever prints more must not wait for a reader.
      stream.transferTo(OutputStream.nullOutputStream());
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

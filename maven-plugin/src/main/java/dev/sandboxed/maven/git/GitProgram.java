package dev.sandboxed.maven.git;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The git of this machine, without a terminal to ask for passwords at.
 *
 * @param environment the variables it has
 * @param limit how long one command may take
 */
record GitProgram(Map<String, String> environment, Duration limit) {
  private static final int MAX_OUTPUT = 16 << 20;
  private static final int MAX_LINES = 20;

  private static final List<String> ALWAYS =
      List.of("core.hooksPath=/dev/null", "core.fsmonitor=false", "advice.detachedHead=false");

  /** The variables of a git that runs around this, by a hook for example. */
  private static final Pattern OF_ANOTHER =
      Pattern.compile(
          "GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|NAMESPACE|PREFIX|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|TEMPLATE_DIR|TRACE.*)");

  /** Whose settings count. */
  enum Settings {
    /** The user's: credentials, proxies, keys. */
    USER,
    /** Nobody's: no programs that a repository could have git call by its attributes. */
    NONE
  }

  GitProgram {
    environment = Map.copyOf(environment);
  }

  /**
   * Runs a command.
   *
   * @param configuration what else is set for it, {@code name=value} each
   * @return its standard output
   * @throws GitException if it fails, with the end of what it said
   */
  String run(Path directory, Settings settings, List<String> configuration, List<String> arguments)
      throws GitException {
    var builder =
        new ProcessBuilder(command(configuration, arguments))
            .directory(directory.toFile())
            .redirectInput(new File("/dev/null"));
    builder.environment().clear();
    builder.environment().putAll(variables(settings, directory));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new GitException(
          "sandbox.repo needs git on this machine's PATH, and it cannot be started (%s); install it, or check the repository out by other means and name the directory with -Dsandbox.dir=…"
              .formatted(e.getMessage()),
          e);
    }
    try {
      var errors = readAll(process.getErrorStream());
      var output = readAll(process.getInputStream());
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new GitException(
            "git %s took more than %d s and was ended"
                .formatted(arguments.get(0), limit.toSeconds()));
      }
      if (process.exitValue() != 0) {
        throw new GitException(
            "git %s ended with exit code %d%s"
                .formatted(arguments.get(0), process.exitValue(), tail(errors.join())));
      }
      return output.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GitException("git %s was interrupted".formatted(arguments.get(0)), e);
    } catch (CompletionException e) {
      throw new GitException("git %s: %s".formatted(arguments.get(0), e.getCause()), e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static List<String> command(List<String> configuration, List<String> arguments) {
    var command = new ArrayList<>(List.of("git"));
    Stream.concat(ALWAYS.stream(), configuration.stream())
        .forEach(setting -> command.addAll(List.of("-c", setting)));
    command.addAll(arguments);
    return command;
  }

  private Map<String, String> variables(Settings settings, Path directory) {
    var variables = new HashMap<>(environment);
    variables.keySet().removeIf(OF_ANOTHER.asMatchPredicate());
    variables.put("GIT_TERMINAL_PROMPT", "0");
    variables.put("GIT_LFS_SKIP_SMUDGE", "1");
    variables.put("LC_ALL", "C.UTF-8");
    if (settings == Settings.NONE) {
      variables.keySet().removeIf(n -> n.startsWith("GIT_CONFIG") || n.equals("GIT_ASKPASS"));
      variables.remove("SSH_AUTH_SOCK");
      variables.put("GIT_CONFIG_NOSYSTEM", "1");
      variables.put("GIT_CONFIG_GLOBAL", "/dev/null");
      // Versions before 2.32 do not know that variable.
      variables.put("HOME", directory.resolve(".git/info").toString());
      variables.put("XDG_CONFIG_HOME", directory.resolve(".git/info").toString());
    }
    return variables;
  }

  private static CompletableFuture<String> readAll(InputStream stream) {
    return CompletableFuture.supplyAsync(
        () -> read(stream),
        work -> {
          var thread = new Thread(work, "sandbox-git");
          thread.setDaemon(true);
          thread.start();
        });
  }

  private static String read(InputStream stream) {
    try (stream) {
      var text = new String(stream.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8);
      // What is too much is read all the same, so that the program does not wait.
      stream.transferTo(OutputStream.nullOutputStream());
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String tail(String errors) {
    var lines = errors.strip().lines().toList();
    var last = lines.subList(Math.max(0, lines.size() - MAX_LINES), lines.size());
    return last.isEmpty() ? "" : ":\n  " + GitRepository.masked(String.join("\n  ", last));
  }
}

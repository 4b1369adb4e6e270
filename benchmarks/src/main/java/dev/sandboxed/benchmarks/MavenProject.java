package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A project, once for the plugin and once for the host, with the commands that the plugin runs.
 *
 * @param name what to call it
 * @param source what copies are made of, one over the other
 * @param inside the plugin's copy, which nothing changes
 * @param host the host's
 * @param environment of the host's commands
 * @param install the commands that install, after which the host's copy has all that is needed
 * @param test the command that tests
 * @param lint those that run at the same time
 */
record MavenProject(
    String name,
    List<Path> source,
    Path inside,
    Path host,
    Map<String, String> environment,
    List<List<String>> install,
    List<String> test,
    List<List<String>> lint) {

  /** Returns the same project with another directory for the host. */
  MavenProject withHost(Path directory) {
    return new MavenProject(name, source, inside, directory, environment, install, test, lint);
  }

  /** Returns whether its build tool is one that the plugin can keep warm. */
  boolean getsWarm() {
    return install.isEmpty();
  }

  /** Makes the plugin's copy. */
  void copy() throws IOException {
    for (var part : source) {
      Trees.copyProject(part, inside);
    }
  }

  /**
   * Installs into a fresh copy on the host, and returns how many milliseconds the commands took.
   */
  double installOnHost() throws IOException, InterruptedException {
    Trees.remove(host);
    for (var part : source) {
      Trees.copyProject(part, host);
    }
    var millis = 0.0;
    for (var command : install) {
      millis += onHost(command).millis();
    }
    return millis;
  }

  /** Tests on the host, its linters at the same time, and returns how long the tests took. */
  double testOnHost() throws IOException, InterruptedException {
    Trees.remove(host.resolve("target"));
    var linters =
        lint.stream().map(command -> CompletableFuture.runAsync(() -> finish(command))).toList();
    var millis = onHost(test).millis();
    linters.forEach(CompletableFuture::join);
    return millis;
  }

  private void finish(List<String> command) {
    try {
      onHost(command).millis();
    } catch (IOException | InterruptedException e) {
      throw new CompletionException(e);
    }
  }

  private Program onHost(List<String> command) {
    return new Program(host, environment, command);
  }
}

package dev.sandboxed.benchmarks;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The plugin, as a Maven of its own runs it each time.
 *
 * @param settings where everything is
 * @param cache its store, which nothing else uses
 */
record MavenPlugin(MavenSettings settings, Path cache) {
  private static final double MILLIS = 1e3;

  /**
   * What came of a run.
   *
   * @param whole how many milliseconds Maven took
   * @param install how many of them the commands took that install; empty if none ran
   * @param untilTests how many there were from the line with which Maven begins the goal until the
   *     first command of the tests started
   * @param tests how many these took
   */
  record Run(double whole, List<Double> install, double untilTests, double tests) {}

  /** Runs a goal that says something and ends: what remains is Maven's. */
  double help() throws IOException, InterruptedException {
    return maven(Files.createDirectories(cache), "help").millis();
  }

  /**
   * Runs the tests and linters of a project.
   *
   * @param round another one installs anew
   */
  Run run(Path project, String round) throws IOException, InterruptedException {
    return run("run", project, "-Dsandbox.env=ROUND=" + round);
  }

  /** Does the same with a build tool that is kept warm in a memory snapshot. */
  Run warm(Path project, String round) throws IOException, InterruptedException {
    return run("run", project, "-Dsandbox.env=ROUND=" + round, "-Dsandbox.install=warm");
  }

  /**
   * Runs the tests of a project.
   *
   * @param environment of the commands inside
   */
  Run test(Path project, Map<String, String> environment) throws IOException, InterruptedException {
    var env =
        environment.entrySet().stream()
            .map(variable -> variable.getKey() + "=" + variable.getValue())
            .collect(Collectors.joining(","));
    return env.isEmpty() ? run("test", project) : run("test", project, "-Dsandbox.env=" + env);
  }

  private Run run(String goal, Path project, String... arguments)
      throws IOException, InterruptedException {
    var summary = project.resolve("target/sandbox/summary.json");
    Files.deleteIfExists(summary);
    var begin = new AtomicReference<@Nullable Instant>();
    var whole =
        maven(project, goal, arguments)
            .millis(
                line -> {
                  if (line.contains(":" + settings.version() + ":" + goal + " (")) {
                    begin.set(Instant.now());
                  }
                });
    var began = begin.get();
    if (began == null) {
      throw new IOException("Maven did not say when it began to run " + project);
    }
    try {
      return read(JsonObject.parse(ByteBuffer.wrap(Files.readAllBytes(summary))), whole, began);
    } catch (ProtocolException e) {
      throw new IOException("The summary of " + project + " cannot be read", e);
    }
  }

  private static Run read(JsonObject summary, double whole, Instant began) throws IOException {
    var install = new ArrayList<Double>();
    for (var item : summary.array("steps").orElse(List.of())) {
      if (item instanceof JsonObject step) {
        var millis = number(step, "seconds") * MILLIS;
        if (isIn("INSTALL", step)) {
          install.add(millis);
        } else if (isIn("TEST", step)) {
          var run = Instant.parse(summary.string("began").orElseThrow());
          var before = run.toEpochMilli() - began.toEpochMilli();
          return new Run(whole, install, before + number(step, "begin") * MILLIS, millis);
        }
      }
    }
    throw new IOException("No tests ran: " + summary);
  }

  private static boolean isIn(String phase, JsonObject step) {
    return step.string("phase").filter(phase::equals).isPresent();
  }

  /** Returns a number that need not be whole. */
  private static double number(JsonObject step, String name) throws IOException {
    var member = Pattern.compile("\"" + name + "\":([0-9.]+)").matcher(step.toString());
    if (!member.find()) {
      throw new IOException("There is no " + name + " in " + step);
    }
    return Double.parseDouble(member.group(1));
  }

  private Program maven(Path directory, String goal, String... arguments) {
    var command =
        new ArrayList<>(
            List.of(
                settings.program().toString(),
                "-B",
                "-ntp",
                "-Dmaven.repo.local=" + settings.repository(),
                "-Dsandboxed.cache=" + cache,
                "dev.sandboxed:sandbox-maven-plugin:" + settings.version() + ":" + goal));
    command.add("-Dsandbox.dir=" + directory);
    command.addAll(List.of(arguments));
    return new Program(directory, Map.of(), command);
  }
}

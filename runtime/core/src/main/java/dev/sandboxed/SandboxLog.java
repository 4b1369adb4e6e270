package dev.sandboxed;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the entrypoint of a sandbox printed, and what a {@linkplain SandboxBuilder#verbose verbose}
 * sandbox notes of calls: an immutable choice of it, refined step by step.
 *
 * <p>The last 4 MiB at least are kept, and 8 MiB at most, also after the sandbox has ended, until
 * its record is pruned.
 *
 * <pre>{@code
 * sandbox.logs().tail(20).lines().forEach(line -> System.out.println(line.at() + " " + line.text()));
 * try (var lines = sandbox.logs().since(Instant.now()).follow()) {
 *   lines.filter(line -> line.text().contains("ready")).findFirst();
 * }
 * }</pre>
 *
 * <p>Thread-safe.
 */
public interface SandboxLog {

  /**
   * Chooses only the last of the lines that there are when they are asked for.
   *
   * @param lines how many, 0 for none
   * @return a new choice
   */
  SandboxLog tail(int lines);

  /**
   * Chooses only lines that came at a time or later.
   *
   * @param at the time
   * @return a new choice
   */
  SandboxLog since(Instant at);

  /**
   * Returns the lines that there are now.
   *
   * @return the lines of both streams and the notes, in the order in which they came
   */
  List<LogLine> lines();

  /**
   * Returns the lines that there are now and then those that come, up to the end of the sandbox.
   *
   * <p>The entrypoint never waits for who follows it: who is more than 4 MiB behind misses lines.
   *
   * @return the lines; close it to stop
   */
  Stream<LogLine> follow();

  /**
   * Returns the lines that there are now as text.
   *
   * @return the lines, each with a line end
   */
  default String text() {
    return lines().stream().map(l -> l.text() + "\n").collect(Collectors.joining());
  }
}

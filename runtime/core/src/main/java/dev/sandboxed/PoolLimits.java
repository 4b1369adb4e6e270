package dev.sandboxed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * What the waiting sandboxes of a {@link SandboxPool} may use of the machine.
 *
 * @param sandboxes how many may wait or be starting at once; zero switches the pool off
 * @param starting how many of them may be starting at once, 1 at least; one that somebody waits for
 *     already does not count
 * @param memory what they may need together. A sandbox with a command counts with the memory limit
 *     of its spec, or 1 GiB if it has none; one without, which is idle, with 64 MiB or its limit if
 *     that is less
 */
public record PoolLimits(int sandboxes, int starting, ByteSize memory) {
  private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d+) kB");

  /**
   * Checks the values.
   *
   * @throws InvalidSpecException if one is out of its bounds
   */
  public PoolLimits {
    if (sandboxes < 0) {
      throw new InvalidSpecException(
          "The pool is to hold %d sandboxes; it must be 0 or more".formatted(sandboxes));
    }
    if (starting < 1) {
      throw new InvalidSpecException(
          "The pool is to start %d sandboxes at once; it must be 1 or more".formatted(starting));
    }
  }

  /**
   * Returns limits that leave most of this machine to who uses it: as many sandboxes as processors,
   * half as many starting at once, and half of the memory that is available now.
   *
   * @return the limits
   */
  public static PoolLimits ofMachine() {
    var processors = Runtime.getRuntime().availableProcessors();
    return new PoolLimits(
        processors, Math.max(1, processors / 2), new ByteSize(availableMemory() / 2));
  }

  private static long availableMemory() {
    try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .map(AVAILABLE::matcher)
          .filter(m -> m.matches())
          .findFirst()
          .map(m -> Long.parseLong(m.group(1)) * 1024)
          .orElseGet(() -> Runtime.getRuntime().maxMemory());
    } catch (IOException e) {
      return Runtime.getRuntime().maxMemory();
    }
  }
}

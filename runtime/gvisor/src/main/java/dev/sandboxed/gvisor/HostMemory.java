package dev.sandboxed.gvisor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** How much memory this machine has. */
final class HostMemory {
  private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s+(\\d+) kB");
  private static final long FALLBACK = 1L << 30;

  private HostMemory() {}

  /** Returns half of the machine's memory, in bytes: what a sandbox gets unless told otherwise. */
  static long half() {
    try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .map(TOTAL::matcher)
          .filter(m -> m.matches())
          .findFirst()
          .map(m -> Long.parseLong(m.group(1)) * 1024 / 2)
          .orElse(FALLBACK);
    } catch (IOException e) {
      return FALLBACK;
    }
  }
}

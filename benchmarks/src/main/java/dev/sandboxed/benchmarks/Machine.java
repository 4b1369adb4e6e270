package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;

/**
 * Where the figures were taken, without anything that names the machine.
 *
 * @param processor the processor's model
 * @param cores the number of processors
 * @param memory the size of the memory
 * @param kernel the kernel's version
 * @param java the JVM's version
 * @param user whether root or an ordinary user ran it
 * @param date the day
 */
record Machine(
    String processor,
    int cores,
    String memory,
    String kernel,
    String java,
    String user,
    LocalDate date) {

  static Machine describe() throws IOException {
    return new Machine(
        field(Path.of("/proc/cpuinfo"), "model name"),
        Runtime.getRuntime().availableProcessors(),
        gibibytes(field(Path.of("/proc/meminfo"), "MemTotal")),
        release(System.getProperty("os.version")),
        Runtime.version().toString(),
        System.getProperty("user.name").equals("root") ? "root" : "an ordinary user",
        LocalDate.now(ZoneOffset.UTC));
  }

  private static String field(Path file, String name) throws IOException {
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    }
  }

  private static String gibibytes(String kibibytes) {
    var digits = kibibytes.replaceAll("\\D", "");
    return digits.isEmpty()
        ? kibibytes
        : String.format(Locale.ROOT, "%.0f GiB", Long.parseLong(digits) / 1048576.0);
  }

  /** Keeps the numbers: what distributors append may name a machine. */
  private static String release(String version) {
    return version.replaceAll("^(\\d+(\\.\\d+)*).*", "$1");
  }

  String sentence() {
    return "%s, %d cores, %s, Linux %s, Java %s, as %s, %s"
        .formatted(processor, cores, memory, kernel, java, user, date);
  }
}

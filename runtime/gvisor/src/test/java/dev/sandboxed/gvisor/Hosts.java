package dev.sandboxed.gvisor;

import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tests look at on the host. */
final class Hosts {
  private Hosts() {}

  static boolean hasProcessNaming(String text) {
    return ProcessHandle.allProcesses().anyMatch(p -> commandLine(p).contains(text));
  }

  /** Returns how many keepers this JVM has started that still run. */
  static long keepers() {
    return ProcessHandle.current()
        .children()
        .filter(p -> commandLine(p).contains("/keeper"))
        .count();
  }

  static Path stateDirectory(String id) {
    return StateDirectory.open(Settings.ofProcess()).of(id);
  }

  static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(
          Path.of("/proc", Long.toString(process.pid()), "cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}

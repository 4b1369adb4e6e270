package dev.sandboxed.maven;

import java.util.List;
import java.util.stream.Collectors;

/** Shows commands as a shell would read them. */
final class CommandLine {
  private static final int MAX_LENGTH = 2_000;

  private CommandLine() {}

  static String of(List<String> command) {
    var line =
        command.stream()
            .map(a -> a.matches("[\\w@%+=:,./-]+") ? a : "'" + a.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));
    var shown = SafeText.line(line);
    return shown.length() > MAX_LENGTH ? shown.substring(0, MAX_LENGTH) + "…" : shown;
  }
}

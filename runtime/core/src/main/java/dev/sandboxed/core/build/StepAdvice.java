package dev.sandboxed.core.build;

import dev.sandboxed.Connection;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.OutputTail;
import java.util.List;
import java.util.stream.Collectors;

/** Says what to do about a step whose program failed, where its end tells. */
final class StepAdvice {
  private static final int MAX_DESTINATIONS = 5;

  private StepAdvice() {}

  /**
   * Returns a sentence, or nothing.
   *
   * @param output the last lines of the program
   * @param tried where it tried to connect to
   */
  static String of(ExitStatus status, String output, List<Connection> tried) {
    if (status.reason() == ExitReason.TIMEOUT) {
      return "It ran longer than a step may; set -D%s to allow more, such as 2h."
          .formatted(BuildSettings.TIMEOUT);
    }
    if (status.reason() == ExitReason.OUT_OF_MEMORY) {
      return "It needed more memory than a step may use; set -D%s to allow more, such as 8g."
          .formatted(BuildSettings.MEMORY);
    }
    if (output.contains("No space left on device")) {
      return "It wrote more than a step may; set -D%s to allow more, such as 32g."
          .formatted(BuildSettings.DISK);
    }
    if (output.contains("No module named pip")) {
      return "The image's Python has no pip; install it by an earlier step, such as"
          + " aptInstall(\"python3-pip\").";
    }
    var refused =
        tried.stream()
            .filter(connection -> connection.verdict() == Connection.Verdict.REFUSED)
            .map(connection -> OutputTail.printable(connection.destination()))
            .distinct()
            .toList();
    if (!refused.isEmpty()) {
      return "It was refused to reach %s; allow what it needs with ImageStep's network(NetworkPolicy.allow(…))."
          .formatted(
              refused.stream().limit(MAX_DESTINATIONS).collect(Collectors.joining(", "))
                  + (refused.size() > MAX_DESTINATIONS ? ", …" : ""));
    }
    return "";
  }
}

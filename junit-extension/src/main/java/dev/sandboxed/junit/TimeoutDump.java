package dev.sandboxed.junit;

import dev.sandboxed.junit.diagnosis.Processes;
import java.io.Serial;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What a test and its sandboxes were doing when its time was over; suppressed by its failure so
 * that it is printed.
 */
final class TimeoutDump extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;
  private static final String OF_THE_ENGINE = "org.junit.jupiter.engine.";
  private static final String REPORT_KEY = "sandbox dump";

  private TimeoutDump(String text) {
    super(text, null, false, false);
  }

  /** Looks at the sandboxes of a test, if it has any, before its thread is interrupted. */
  static void take(Thread thread, ExtensionContext context) {
    var asked =
        OpenSandboxes.reachableFrom(context).stream()
            .filter(s -> s.poll().isEmpty())
            .map(s -> new Asked(s, s.processes()))
            .toList();
    if (!asked.isEmpty()) {
      // The sandboxes are asked while this is written.
      var stack = describe(thread);
      var text = asked.stream().map(Asked::describe).collect(Collectors.joining("\n\n", stack, ""));
      context.publishReportEntry(REPORT_KEY, text);
      OpenSandboxes.of(context).suppressLater(new TimeoutDump(text));
    }
  }

  /** A sandbox, and what it was asked. */
  private record Asked(RecordingSandbox sandbox, Processes processes) {
    String describe() {
      return sandbox.heading() + ":\n" + processes.describe();
    }
  }

  private static String describe(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .takeWhile(frame -> !frame.getClassName().startsWith(OF_THE_ENGINE))
        .map(frame -> "\n  at " + frame)
        .collect(
            Collectors.joining(
                "",
                "The time is over. Thread \"%s\" of the test, %s:"
                    .formatted(thread.getName(), thread.getState()),
                "\n\n"));
  }
}

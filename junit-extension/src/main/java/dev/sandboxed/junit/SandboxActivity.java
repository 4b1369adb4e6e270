package dev.sandboxed.junit;

import java.io.Serial;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/** What ran in the sandboxes of a failed test, suppressed by its failure so that it is printed. */
final class SandboxActivity extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;
  private static final String REPORT_KEY = "sandbox activity";

  private SandboxActivity(String text) {
    super(text, null, false, false);
  }

  /** Adds what ran to the failure and to the test's report; nothing if nothing ran. */
  static void attach(Throwable failure, ExtensionContext context) {
    if (failure instanceof TestAbortedException) {
      return;
    }
    var text =
        OpenSandboxes.reachableFrom(context).stream()
            .map(RecordingSandbox::activity)
            .flatMap(Optional::stream)
            .collect(Collectors.joining("\n\n"));
    if (!text.isEmpty()) {
      failure.addSuppressed(new SandboxActivity(text));
      context.publishReportEntry(REPORT_KEY, text);
    }
  }
}

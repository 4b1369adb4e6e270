package dev.sandboxed.junit;

import java.io.Serial;
import java.util.List;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/** What ran in the sandboxes of a failed test, suppressed by its failure so that it is printed. */
final class SandboxActivity extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;
  private static final String REPORT_KEY = "sandbox activity";

  private SandboxActivity(String text) {
    super(text, null, false, false);
  }

  /**
   * Adds what is known of sandboxes to the failure, and files to the report; nothing if there is
   * nothing to tell.
   */
  static void attach(
      Throwable failure, List<RecordingSandbox> sandboxes, ExtensionContext context) {
    var text = Diagnostics.publish(sandboxes, context);
    if (!text.isEmpty()) {
      failure.addSuppressed(new SandboxActivity(text));
    }
  }

  /** Adds what is known of the test's sandboxes to the failure and to the test's report. */
  static void attach(Throwable failure, ExtensionContext context) {
    if (failure instanceof TestAbortedException) {
      return;
    }
    var text = Diagnostics.publish(OpenSandboxes.reachableFrom(context), context);
    if (!text.isEmpty()) {
      failure.addSuppressed(new SandboxActivity(text));
      context.publishReportEntry(REPORT_KEY, text);
    }
  }
}

package dev.sandboxed.junit.inside;

import dev.sandboxed.OutputTail;
import dev.sandboxed.SecretMask;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Prints what a test inside prints, within bounds, and keeps the end of it. Not thread-safe. */
final class BodyOutput {
  private static final long MAX_PRINTED = 32L << 20;
  private static final int KEPT = 8192;

  private final SecretMask mask;
  private final StringBuilder last = new StringBuilder();
  private long printed;

  BodyOutput(SecretMask mask) {
    this.mask = mask;
  }

  void print(boolean error, String text) {
    last.append(text);
    if (last.length() > 2 * KEPT) {
      last.delete(0, last.length() - KEPT);
    }
    var to = error ? System.err : System.out;
    if (printed < MAX_PRINTED) {
      printed += text.length();
      show(to, text);
      if (printed >= MAX_PRINTED) {
        show(
            to,
            "\n(the test prints more than %,d characters: the rest is left out)\n"
                .formatted(MAX_PRINTED));
      }
    }
  }

  private void show(PrintStream to, String text) {
    to.print(mask.apply(OutputTail.printable(text)));
    to.flush();
  }

  /** Shows the end of what was printed, for messages. */
  String tail() {
    return OutputTail.section(
        "Printed last", last.toString().getBytes(StandardCharsets.UTF_8), mask);
  }
}

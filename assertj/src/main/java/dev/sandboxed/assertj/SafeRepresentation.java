package dev.sandboxed.assertj;

import dev.sandboxed.ExecResult;
import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SecretMask;
import org.assertj.core.presentation.StandardRepresentation;
import org.jspecify.annotations.Nullable;

/** Shows values in messages: without secrets, bounded, and safe to print on a terminal. */
final class SafeRepresentation extends StandardRepresentation {
  private static final int MAX = 8192;

  private final SecretMask mask;

  SafeRepresentation(SecretMask mask) {
    this.mask = mask;
  }

  static SecretMask maskOf(@Nullable ExecResult result) {
    return result == null ? SecretMask.none() : result.mask();
  }

  static SecretMask maskOf(@Nullable Sandbox sandbox) {
    return sandbox == null ? SecretMask.none() : SecretMask.of(sandbox.spec().secrets());
  }

  @Override
  public String toStringOf(@Nullable Object value) {
    var shown = text(String.valueOf(super.toStringOf(value)));
    return excerpt(shown, 0);
  }

  /**
   * Shows a text as it is, but for secrets and what a terminal would act on; line ends are kept.
   */
  String text(String text) {
    return OutputTail.printable(mask.apply(text).replace("\r", "\\r"));
  }

  /** Shows what is around a position, if the text is too long to be shown whole. */
  static String excerpt(String text, int position) {
    if (text.length() <= MAX) {
      return text;
    }
    var from = Math.max(0, Math.min(position - MAX / 2, text.length() - MAX));
    var after = text.length() - from - MAX;
    return "%s%s%s"
        .formatted(
            from == 0 ? "" : "… (%,d characters before)%n".formatted(from),
            text.substring(from, from + MAX),
            after == 0 ? "" : "%n… (%,d characters after)".formatted(after));
  }
}

package dev.sandboxed.core.build;

import dev.sandboxed.OutputTail;
import dev.sandboxed.SecretMask;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * What the program of a step prints, as lines without secrets: each is handed on, and the last ones
 * are kept. The output is hostile: lines and what is kept are bounded. Thread-safe.
 */
final class StepOutput {
  /** The most characters of a line that are shown. */
  static final int MAX_LINE = 4000;

  /** The most lines that are kept. */
  static final int MAX_LINES = 40;

  /** The most characters that are kept of all lines. */
  static final int MAX_KEPT = 16 << 10;

  /** The most bytes of a line that are looked at; secrets are found in all of them. */
  private static final int MAX_BYTES = 64 << 10;

  private final SecretMask mask;
  private final Consumer<String> listener;
  private final Deque<String> kept = new ArrayDeque<>();
  private int characters;
  private volatile long last = System.nanoTime();

  StepOutput(SecretMask mask, Consumer<String> listener) {
    this.mask = mask;
    this.listener = listener;
  }

  /** Reads a stream to its end. */
  void read(InputStream stream) throws IOException {
    var line = new byte[MAX_BYTES];
    var length = 0;
    var buffer = new byte[8 << 10];
    for (var count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
      last = System.nanoTime();
      for (var i = 0; i < count; i++) {
        // What returns to the line's start, as progress bars do, begins a line, too.
        if (buffer[i] == '\n' || buffer[i] == '\r') {
          add(line, length);
          length = 0;
        } else if (length < MAX_BYTES) {
          line[length++] = buffer[i];
        }
      }
    }
    add(line, length);
  }

  /** Returns how long nothing came. */
  long silentNanos() {
    return System.nanoTime() - last;
  }

  /** Returns the last lines. */
  synchronized String tail() {
    return String.join("\n", kept);
  }

  private void add(byte[] bytes, int length) {
    var masked = mask.apply(new String(bytes, 0, length, StandardCharsets.UTF_8));
    var line = OutputTail.printable(masked);
    // The end of a line that was cut may be half of a secret: far from it, the text is whole.
    var shown = Math.min(MAX_LINE, length == MAX_BYTES ? line.length() / 2 : line.length());
    if (shown < line.length()) {
      line = line.substring(0, shown) + "…";
    }
    if (!line.isBlank()) {
      keep(line);
    }
  }

  private synchronized void keep(String line) {
    kept.addLast(line);
    characters += line.length();
    while (kept.size() > MAX_LINES || characters > MAX_KEPT) {
      characters -= kept.removeFirst().length();
    }
    listener.accept(line);
  }
}

package dev.sandboxed.maven;

import dev.sandboxed.SecretMask;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Shows what a command prints while it runs, without secrets, and remembers the end of it.
 * Thread-safe.
 *
 * <p>After the limit it shows no more, so that endless output fills no log; the command goes on.
 */
final class LiveOutput {
  static final int TAIL_LINES = 40;
  private static final String PREFIX = "| ";

  private final Console console;
  private final long limit;
  private final SecretMask mask;
  private final Consumer<String> reader;
  private final Deque<String> tail = new ArrayDeque<>();
  private long shown;

  LiveOutput(Console console, long limit, SecretMask mask) {
    this(console, limit, mask, line -> {});
  }

  /**
   * Shows output that is also read.
   *
   * @param reader takes every line, without secrets and safe to show
   */
  LiveOutput(Console console, long limit, SecretMask mask, Consumer<String> reader) {
    this.mask = mask;
    this.reader = reader;
    this.console = console;
    this.limit = limit;
  }

  synchronized void accept(String line) {
    var safe = SafeText.line(mask.apply(line));
    reader.accept(safe);
    tail.addLast(safe);
    if (tail.size() > TAIL_LINES) {
      tail.removeFirst();
    }
    if (shown > limit) {
      return;
    }
    // The prefix keeps lines that look like Maven's own from passing as such.
    console.info(PREFIX + safe);
    shown += safe.length() + 1L;
    if (shown > limit) {
      console.warn(
          "The output is longer than %,d characters; the rest is not shown".formatted(limit));
    }
  }

  synchronized List<String> tail() {
    return List.copyOf(tail);
  }
}

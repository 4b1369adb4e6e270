package dev.sandboxed.maven;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds back what is said until something else has been said; from then on says it at once.
 * Thread-safe.
 */
final class HeldConsole implements Console {
  private final List<Consumer<Console>> lines = new ArrayList<>();
  private @Nullable Console released;

  @Override
  public void info(String line) {
    say(console -> console.info(line));
  }

  @Override
  public void warn(String line) {
    say(console -> console.warn(line));
  }

  private synchronized void say(Consumer<Console> line) {
    if (released == null) {
      lines.add(line);
    } else {
      line.accept(released);
    }
  }

  /** Returns whether what is said is not seen yet. */
  synchronized boolean holds() {
    return released == null;
  }

  /** Says what was held back, and everything after it, on a console. */
  synchronized void release(Console console) {
    lines.forEach(line -> line.accept(console));
    lines.clear();
    released = console;
  }
}

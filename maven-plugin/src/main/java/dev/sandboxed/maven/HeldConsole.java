package dev.sandboxed.maven;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Holds back what is said until something else has been said. Thread-safe. */
final class HeldConsole implements Console {
  private final List<Consumer<Console>> lines = new ArrayList<>();

  @Override
  public synchronized void info(String line) {
    lines.add(console -> console.info(line));
  }

  @Override
  public synchronized void warn(String line) {
    lines.add(console -> console.warn(line));
  }

  synchronized void sayTo(Console console) {
    lines.forEach(line -> line.accept(console));
    lines.clear();
  }
}

package dev.sandboxed.maven;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what was said. */
final class RecordingConsole implements Console {
  private final List<String> lines = new CopyOnWriteArrayList<>();

  @Override
  public void info(String line) {
    lines.add(line);
  }

  @Override
  public void warn(String line) {
    lines.add("WARNING " + line);
  }

  List<String> lines() {
    return List.copyOf(lines);
  }
}

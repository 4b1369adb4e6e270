package dev.sandboxed.core.registry;

import dev.sandboxed.core.terminal.StatusLine;
import java.util.Locale;
import java.util.function.LongConsumer;

/** Shows on a terminal how far a download is. */
final class Progress implements LongConsumer, AutoCloseable {
  private static final double MEBIBYTE = 1 << 20;

  private final StatusLine line;
  private final String name;
  private final long total;
  private long done;

  Progress(StatusLine line, String name, long total) {
    this.line = line;
    this.name = name;
    this.total = total;
  }

  /** Returns the progress that this process shows. */
  static Progress ofProcess(String name, long total) {
    return new Progress(StatusLine.ofProcess(), name, total);
  }

  @Override
  public synchronized void accept(long bytes) {
    // What is fetched again does not count twice.
    done = Math.min(total, done + bytes);
    line.show(
        () ->
            String.format(
                Locale.ROOT,
                "Fetching %s: %.1f of %.1f MiB",
                name,
                done / MEBIBYTE,
                total / MEBIBYTE));
  }

  @Override
  public void close() {
    line.close();
  }
}

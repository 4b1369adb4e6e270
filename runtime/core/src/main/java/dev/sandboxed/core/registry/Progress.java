package dev.sandboxed.core.registry;

import dev.sandboxed.OutputTail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** Shows on a terminal how far a download is, on one line that goes when it is done. */
final class Progress implements LongConsumer, AutoCloseable {
  private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(200);
  private static final double MEBIBYTE = 1 << 20;
  private static final String CLEAR = "\r\u001b[K";

  private final Consumer<String> terminal;
  private final boolean shown;
  private final String name;
  private final long total;
  private long done;
  private long last = System.nanoTime() - INTERVAL;
  private boolean printed;

  Progress(Consumer<String> terminal, boolean shown, String name, long total) {
    this.terminal = terminal;
    this.shown = shown;
    this.name = name;
    this.total = total;
  }

  /** Returns the progress that this process shows. */
  static Progress ofProcess(String name, long total) {
    return new Progress(
        System.err::print, isWatched(System.getenv(), Path.of("/proc/self/fd/2")), name, total);
  }

  /**
   * Returns whether somebody watches: there is a terminal, and it is not a build server's.
   *
   * @param stderr what is shown where stderr is among the open files
   */
  static boolean isWatched(Map<String, String> environment, Path stderr) {
    try {
      var file = Files.readSymbolicLink(stderr).toString();
      return (file.startsWith("/dev/pts/") || file.startsWith("/dev/tty"))
          && !environment.containsKey("CI")
          && !environment.getOrDefault("TERM", "dumb").equals("dumb");
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public synchronized void accept(long bytes) {
    // What is fetched again does not count twice.
    done = Math.min(total, done + bytes);
    var now = System.nanoTime();
    if (shown && now - last >= INTERVAL) {
      last = now;
      printed = true;
      terminal.accept(
          CLEAR
              + String.format(
                  Locale.ROOT,
                  "Fetching %s: %.1f of %.1f MiB",
                  OutputTail.printable(name),
                  done / MEBIBYTE,
                  total / MEBIBYTE));
    }
  }

  @Override
  public synchronized void close() {
    if (printed) {
      terminal.accept(CLEAR);
    }
  }
}

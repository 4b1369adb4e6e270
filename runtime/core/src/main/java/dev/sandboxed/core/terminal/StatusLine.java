package dev.sandboxed.core.terminal;

import dev.sandboxed.OutputTail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One line on a terminal that changes while something goes on, and goes when it is done. Where
 * nobody watches, nothing is shown. Thread-safe.
 */
public final class StatusLine implements AutoCloseable {
  private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int MAX_WIDTH = 78;
  private static final String CLEAR = "\r\u001b[K";

  private final Consumer<String> terminal;
  private final boolean shown;
  private long last = System.nanoTime() - INTERVAL;
  private boolean printed;

  /**
   * Makes a line.
   *
   * @param terminal prints
   * @param shown whether somebody watches
   */
  public StatusLine(Consumer<String> terminal, boolean shown) {
    this.terminal = terminal;
    this.shown = shown;
  }

  /** Returns a line on the terminal of this process. */
  public static StatusLine ofProcess() {
    return new StatusLine(
        System.err::print, isWatched(System.getenv(), Path.of("/proc/self/fd/2")));
  }

  /**
   * Returns whether somebody watches: there is a terminal, and it is not a build server's.
   *
   * @param stderr what is shown where stderr is among the open files
   */
  public static boolean isWatched(Map<String, String> environment, Path stderr) {
    try {
      var file = Files.readSymbolicLink(stderr).toString();
      return (file.startsWith("/dev/pts/") || file.startsWith("/dev/tty"))
          && !environment.containsKey("CI")
          && !environment.getOrDefault("TERM", "dumb").equals("dumb");
    } catch (IOException e) {
      return false;
    }
  }

  /** Shows a text, unless the one before it has just been shown. */
  public synchronized void show(Supplier<String> text) {
    var now = System.nanoTime();
    if (shown && now - last >= INTERVAL) {
      last = now;
      printed = true;
      var line = OutputTail.printable(text.get()).replace('\n', ' ').replace('\t', ' ');
      terminal.accept(
          CLEAR + (line.length() > MAX_WIDTH ? line.substring(0, MAX_WIDTH - 1) + "…" : line));
    }
  }

  /** Takes the line away. */
  @Override
  public synchronized void close() {
    if (printed) {
      printed = false;
      terminal.accept(CLEAR);
    }
  }
}

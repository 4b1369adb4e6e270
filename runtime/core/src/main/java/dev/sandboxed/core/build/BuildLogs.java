package dev.sandboxed.core.build;

import dev.sandboxed.BuildLog;
import dev.sandboxed.ImageStep;
import dev.sandboxed.core.terminal.StatusLine;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The build logs that there are without anybody writing one. */
public final class BuildLogs {
  private static final double SECOND = 1e9;

  private BuildLogs() {}

  /** Returns the log that the settings ask for: everything, or one line on a terminal. */
  public static BuildLog of(BuildSettings settings) {
    return settings.printed() ? printed(System.err::println) : watched(StatusLine.ofProcess());
  }

  /**
   * Returns a log of plain lines, as one reads them in the log of a build server.
   *
   * @param printer prints a line
   */
  static BuildLog printed(Consumer<String> printer) {
    return new BuildLog() {
      @Override
      public void started(ImageStep step) {
        printer.accept("[image] " + step);
      }

      @Override
      public void line(ImageStep step, String line) {
        printer.accept("[image]   " + line);
      }

      @Override
      public void finished(ImageStep step, Duration took) {
        printer.accept(
            String.format(Locale.ROOT, "[image] done in %.1f s: %s", seconds(took), step));
      }

      @Override
      public void failed(ImageStep step) {
        printer.accept("[image] failed: " + step);
      }

      @Override
      public void waiting(ImageStep step) {
        printer.accept("[image] another build is at it, and is waited for: " + step);
      }
    };
  }

  /**
   * Returns a log that shows the last line of what is going on, and nothing once it is done.
   *
   * @param status where
   */
  static BuildLog watched(StatusLine status) {
    Map<ImageStep, Long> begun = new ConcurrentHashMap<>();
    return new BuildLog() {
      @Override
      public void started(ImageStep step) {
        begun.put(step, System.nanoTime());
        status.show(() -> "Building the image: " + step);
      }

      @Override
      public void line(ImageStep step, String line) {
        var begin = begun.get(step);
        var now = System.nanoTime();
        status.show(
            () ->
                String.format(
                    Locale.ROOT,
                    "%s (%.0f s): %s",
                    step,
                    (now - (begin == null ? now : begin)) / SECOND,
                    line));
      }

      @Override
      public void finished(ImageStep step, Duration took) {
        begun.remove(step);
        status.close();
      }

      @Override
      public void failed(ImageStep step) {
        begun.remove(step);
        status.close();
      }
    };
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / SECOND;
  }
}

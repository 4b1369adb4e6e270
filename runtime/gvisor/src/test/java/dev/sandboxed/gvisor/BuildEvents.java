package dev.sandboxed.gvisor;

import dev.sandboxed.BuildLog;
import dev.sandboxed.ImageStep;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Notes what is told of the steps of images. */
final class BuildEvents implements BuildLog {
  private final List<String> started = new CopyOnWriteArrayList<>();
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final List<String> finished = new CopyOnWriteArrayList<>();
  private final List<String> failed = new CopyOnWriteArrayList<>();

  @Override
  public void started(ImageStep step) {
    started.add(step.toString());
  }

  @Override
  public void line(ImageStep step, String line) {
    lines.add(line);
  }

  @Override
  public void finished(ImageStep step, Duration took) {
    finished.add(step.toString());
  }

  @Override
  public void failed(ImageStep step) {
    failed.add(step.toString());
  }

  List<String> lines() {
    return lines;
  }

  List<String> finished() {
    return finished;
  }

  List<String> failed() {
    return failed;
  }

  /** Returns the steps whose sandboxes were started since this was asked last. */
  List<String> takeStarted() {
    var taken = List.copyOf(started);
    started.subList(0, taken.size()).clear();
    return taken;
  }
}

package dev.sandboxed.maven;

import dev.sandboxed.BuildLog;
import dev.sandboxed.Connection;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.ImageBuildException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.SecretMask;
import dev.sandboxed.SettledStep;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.report.CacheUse;
import dev.sandboxed.maven.report.CacheUse.Part;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Shows what the commands of an installation print, and notes how they ended and where what they
 * make came from. Thread-safe.
 */
final class InstallationLog implements BuildLog {
  private static final long OUTPUT_LIMIT = 32L << 20;
  private static final int KEY_LENGTH = 12;

  /** How a shell says that there is no such program. */
  private static final int NOT_FOUND = 127;

  private final Map<ImageStep, Step> commands;
  private final Set<ImageStep> around;
  private final SecretMask mask;
  private final Console console;
  private final Map<ImageStep, LiveOutput> outputs = new LinkedHashMap<>();
  private final Map<String, CacheUse> caches = new LinkedHashMap<>();
  private final List<RunResult.StepResult> results = new ArrayList<>();
  private final List<Connection> connections = new ArrayList<>();
  private final long begin = System.nanoTime();
  private Duration stepBegan = Duration.ZERO;

  /**
   * Makes one.
   *
   * @param commands what installs, by the steps of the image
   * @param around steps that only lay out what the commands need
   */
  InstallationLog(
      Map<ImageStep, Step> commands, Set<ImageStep> around, SecretMask mask, Console console) {
    this.commands = new LinkedHashMap<>(commands);
    this.around = Set.copyOf(around);
    this.mask = mask;
    this.console = console;
  }

  @Override
  public synchronized void started(ImageStep step) {
    if (commands.containsKey(step)) {
      stepBegan = Duration.ofNanos(System.nanoTime() - begin);
      console.info("Installing, with the network of the build tools: " + commands.get(step).name());
    }
  }

  @Override
  public synchronized void line(ImageStep step, String line) {
    if (commands.containsKey(step)) {
      output(step).accept(line);
    }
  }

  @Override
  public synchronized void finished(ImageStep step, Duration took) {
    var command = commands.get(step);
    if (command != null) {
      add(command, new ExitStatus(0, ExitReason.EXITED), output(step).tail());
    }
  }

  @Override
  public synchronized void waiting(ImageStep step) {
    console.info("Waits for another build that makes the same: " + name(step));
  }

  @Override
  public synchronized void connections(ImageStep step, List<Connection> tried) {
    if (commands.containsKey(step)) {
      connections.addAll(tried);
    }
  }

  @Override
  public synchronized void settled(SettledStep settled) {
    if (around.contains(settled.step())) {
      return;
    }
    var use =
        new CacheUse(
            commands.containsKey(settled.step()) ? Part.INSTALLATION : Part.IMAGE,
            name(settled.step()),
            settled.source(),
            settled.key().substring(0, KEY_LENGTH),
            settled.made(),
            settled.size());
    // Told twice, it was made all the same.
    caches.merge(
        settled.key(), use, (before, now) -> before.source() == Source.KEPT ? now : before);
  }

  /** Returns the commands that ran; none if all is kept from before. */
  synchronized List<RunResult.StepResult> results() {
    return List.copyOf(results);
  }

  /** Returns what the commands tried to reach. */
  synchronized List<Connection> connections() {
    return List.copyOf(connections);
  }

  /** Returns where what was installed, and what it was installed on, came from. */
  synchronized List<CacheUse> caches() {
    return List.copyOf(caches.values());
  }

  /** Notes the command that failed; the failure of a step of the user's own image is an error. */
  synchronized void failed(ImageBuildException failure) throws MissingToolException {
    var command = commands.get(failure.step());
    if (command == null) {
      throw failure;
    }
    if (failure.status().code() == NOT_FOUND && failure.output().isEmpty()) {
      throw new MissingToolException(command.command().get(0), failure);
    }
    var tail = new ArrayList<>(output(failure.step()).tail());
    String.valueOf(failure.getMessage())
        .lines()
        .limit(1)
        // It may say what was refused, or which limit to raise; the lines that follow are known.
        .map(line -> SafeText.line(mask.apply(line.replaceFirst(" Its last lines:$", ""))))
        .forEach(tail::add);
    add(command, failure.status(), tail);
  }

  private LiveOutput output(ImageStep step) {
    return outputs.computeIfAbsent(step, s -> new LiveOutput(console, OUTPUT_LIMIT, mask));
  }

  private String name(ImageStep step) {
    var command = commands.get(step);
    return SafeText.line(mask.apply(command == null ? step.toString() : command.name()));
  }

  private void add(Step command, ExitStatus status, List<String> tail) {
    var duration = Duration.ofNanos(System.nanoTime() - begin).minus(stepBegan);
    results.add(new RunResult.StepResult(command, status, stepBegan, duration, tail));
  }
}

package dev.sandboxed.maven;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Sandboxes for a project, once all is installed that is installed apart. They can be opened until
 * this is closed. Thread-safe.
 */
final class PreparedPlaces implements AutoCloseable {
  private final Opening opening;
  private final Optional<Installation> installation;
  private final List<RunResult.StepResult> steps;
  private final AtomicReference<@Nullable Workplace> first;

  /** Makes a sandbox. */
  @FunctionalInterface
  interface Opening {
    Workplace open() throws IOException;
  }

  /** Takes a sandbox that is there, and how to make more of them; nothing is installed apart. */
  PreparedPlaces(Workplace first, Opening opening) {
    this.opening = opening;
    installation = Optional.empty();
    steps = List.of();
    this.first = new AtomicReference<>(first);
  }

  /**
   * Takes what was installed, or failed to be.
   *
   * @param steps the commands that ran; none if all is kept from before
   */
  PreparedPlaces(Installation installation, List<RunResult.StepResult> steps, Opening opening) {
    this.opening = opening;
    this.installation = Optional.of(installation);
    this.steps = List.copyOf(steps);
    first = new AtomicReference<>();
  }

  /** Returns whether what is to be installed was installed apart. */
  boolean isInstalled() {
    return installation.isPresent();
  }

  /** Returns what ran to install; none if all is kept from before, or nothing is to be done. */
  List<RunResult.StepResult> steps() {
    return steps;
  }

  /** Returns whether sandboxes can be opened. */
  boolean isSuccess() {
    return steps.stream().allMatch(s -> s.status().isSuccess());
  }

  /**
   * Opens a sandbox.
   *
   * @throws IOException if the checkout cannot be read
   */
  Workplace open() throws IOException {
    var ready = first.getAndSet(null);
    return ready == null ? opening.open() : ready;
  }

  @Override
  public void close() throws IOException {
    var unused = first.getAndSet(null);
    if (unused != null) {
      unused.close();
    }
    if (installation.isPresent()) {
      installation.get().close();
    }
  }
}

package dev.sandboxed.maven;

import dev.sandboxed.Connection;
import dev.sandboxed.maven.Installation.Installed;
import dev.sandboxed.maven.report.CacheUse;
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
  private final Optional<Installed> installed;
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
    installed = Optional.empty();
    this.first = new AtomicReference<>(first);
  }

  /** Takes what was installed, or failed to be. */
  PreparedPlaces(Installation installation, Installed installed, Opening opening) {
    this.opening = opening;
    this.installation = Optional.of(installation);
    this.installed = Optional.of(installed);
    first = new AtomicReference<>();
  }

  /** Returns whether what is to be installed was installed apart. */
  boolean isInstalled() {
    return installation.isPresent();
  }

  /** Has the first sandbox made that has a build tool kept warm, if one is to be. */
  void warmUp() throws IOException {
    if (installed.flatMap(Installed::warm).isPresent()) {
      open().close();
    }
  }

  /** Returns what ran to install; none if all is kept from before, or nothing is to be done. */
  List<RunResult.StepResult> steps() {
    return installed.map(Installed::steps).orElse(List.of());
  }

  /** Returns what that tried to reach. */
  List<Connection> connections() {
    return installed.map(Installed::connections).orElse(List.of());
  }

  /** Returns where what is installed apart came from. */
  List<CacheUse> caches() {
    return installed.map(Installed::caches).orElse(List.of());
  }

  /** Returns whether sandboxes can be opened. */
  boolean isSuccess() {
    return steps().stream().allMatch(s -> s.status().isSuccess());
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

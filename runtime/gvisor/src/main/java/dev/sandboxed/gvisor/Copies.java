package dev.sandboxed.gvisor;

import dev.sandboxed.ImageException;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.agent.AgentSandbox;
import dev.sandboxed.core.agent.SpecMessage;
import dev.sandboxed.core.image.MemoryKey;
import dev.sandboxed.core.image.MemoryStore;
import dev.sandboxed.core.image.MemoryStore.KeptMemory;
import dev.sandboxed.core.image.MemoryStore.Making;
import dev.sandboxed.core.image.PreparedImage;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Starts sandboxes from snapshots of others with their memory. For one start. */
final class Copies {
  private final MemoryStore store;
  private final SandboxSpec spec;
  private final Launch launch;
  private final Start starts;

  /** Starts a sandbox. */
  @FunctionalInterface
  interface Start {
    /**
     * Starts a sandbox and waits until it answers.
     *
     * @param restore what it begins from; it boots if empty
     */
    AgentSandbox start(PreparedImage image, Optional<Restore> restore);
  }

  Copies(MemoryStore store, SandboxSpec spec, Launch launch, Start starts) {
    this.store = store;
    this.spec = spec;
    this.launch = launch;
    this.starts = starts;
  }

  /**
   * Starts a copy of a snapshot that somebody took.
   *
   * @throws SandboxFailedException if the snapshot is gone or damaged, or does not restore: what it
   *     was taken for cannot be made again here
   */
  AgentSandbox of(MemorySnapshot source) {
    Optional<KeptMemory> memory;
    try {
      memory = store.find(source.id());
    } catch (ImageException e) {
      throw new SandboxFailedException("The copy did not start: " + e.getMessage(), e);
    }
    if (memory.isEmpty()) {
      throw new SandboxFailedException(
          "The copy did not start: the memory snapshot %s was removed or pruned; take another with Sandbox.snapshot()"
              .formatted(source.id()));
    }
    return hooked(
        starts.start(
            memory.get().image(), Optional.of(Restore.of(memory.get(), source.spec(), spec))));
  }

  /**
   * Starts a sandbox that is ready: a copy of the first of its kind, or that first one.
   *
   * @param programs what runs the sandbox
   */
  AgentSandbox ready(PreparedImage image, List<Path> programs) {
    var key = MemoryKey.of(spec, image, programs);
    var copy = copy(key);
    if (copy.isPresent()) {
      return copy.get();
    }
    AgentSandbox first;
    try (var making = make(key)) {
      var other = copy(key);
      if (other.isPresent()) {
        return other.get();
      }
      first = boot(image);
      if (!keep(key, image, first)) {
        first = boot(image);
      }
    }
    store.makeRoom();
    return first;
  }

  /** Waits until nobody else boots the same. */
  private Making make(String key) {
    try {
      return launch.waiting(() -> store.make(key));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(
          "Interrupted while waiting for another start of the same sandbox", e);
    }
  }

  /** Starts a copy of what is kept; empty if nothing is, or it does not restore. */
  private Optional<AgentSandbox> copy(String key) {
    Optional<KeptMemory> memory;
    try {
      memory = store.find(key);
    } catch (ImageException e) {
      warn(e.getMessage() + ". The sandbox boots instead", e);
      return Optional.empty();
    }
    if (memory.isEmpty()) {
      return Optional.empty();
    }
    AgentSandbox sandbox;
    try {
      sandbox =
          starts.start(memory.get().image(), Optional.of(new Restore(memory.get(), Map.of())));
    } catch (SandboxFailedException e) {
      launch.check();
      if (store.discard(memory.get())) {
        warn(
            "The memory snapshot %s did not restore and was removed; the sandbox boots instead"
                .formatted(key),
            e);
      }
      return Optional.empty();
    }
    return Optional.of(awaited(hooked(sandbox)));
  }

  private AgentSandbox boot(PreparedImage image) {
    return awaited(starts.start(image, Optional.empty()));
  }

  /**
   * Keeps a snapshot of the first sandbox, if it can be.
   *
   * @return whether the sandbox has survived that
   */
  private boolean keep(String key, PreparedImage image, AgentSandbox first) {
    try {
      store.add(key, image, SpecMessage.of(first.copies()), first::writeMemory);
      return true;
    } catch (SandboxException | CancellationException e) {
      launch.check();
      warn("No snapshot of the ready sandbox %s was kept".formatted(first.id()), e);
      if (first.poll().isEmpty()) {
        return true;
      }
      first.close();
      return false;
    }
  }

  private AgentSandbox hooked(AgentSandbox copy) {
    try {
      CopyHook.run(copy);
      return copy;
    } catch (SandboxException e) {
      // What was given up fails in many ways, none of which tells more.
      launch.check();
      throw e;
    }
  }

  private AgentSandbox awaited(AgentSandbox sandbox) {
    try {
      sandbox.waitUntilReady();
      return sandbox;
    } catch (RuntimeException e) {
      sandbox.close();
      launch.check();
      throw e;
    }
  }

  private static void warn(String message, Exception why) {
    System.getLogger("dev.sandboxed").log(Level.WARNING, message, why);
  }
}

package dev.sandboxed.gvisor;

import dev.sandboxed.Backend;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SnapshotSpec;
import dev.sandboxed.core.image.MemoryStore;
import java.util.Optional;

/** A memory snapshot in the image store; see {@link MemorySnapshot}. Thread-safe. */
final class StoredMemory implements MemorySnapshot {
  private final String id;
  private final SandboxSpec spec;
  private final MemoryStore store;
  private final Backend backend;

  /**
   * Names a snapshot.
   *
   * @param spec what copies are
   * @param backend which starts them
   */
  StoredMemory(String id, SandboxSpec spec, MemoryStore store, Backend backend) {
    this.id = id;
    this.spec = spec;
    this.store = store;
    this.backend = backend;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public SandboxSpec spec() {
    return spec;
  }

  @Override
  public SandboxBuilder toBuilder() {
    return new SandboxSpec(
            spec.image(),
            spec.command(),
            spec.env(),
            spec.secrets(),
            spec.workdir(),
            spec.mounts(),
            spec.volumes(),
            spec.limits(),
            spec.gpus(),
            spec.network(),
            spec.labels(),
            spec.timeout(),
            spec.idleTimeout(),
            spec.verbose(),
            spec.readyWhen(),
            new SnapshotSpec(false, Optional.of(this), spec.snapshot().onCopy()))
        .toBuilder().backend(backend);
  }

  @Override
  public void remove() {
    store.discard(id);
  }

  @Override
  public String toString() {
    return "memory snapshot " + id;
  }
}

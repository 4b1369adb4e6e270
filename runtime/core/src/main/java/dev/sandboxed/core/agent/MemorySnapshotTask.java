package dev.sandboxed.core.agent;

import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.protocol.JsonObject;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** A snapshot with the memory that has been asked for, and needs a thread to be taken. */
final class MemorySnapshotTask {
  private final RemoteMemory memory;
  private final Snapshots snapshots;
  private final SandboxSpec copies;
  private final JsonObject image;

  /**
   * Checks that there may be one.
   *
   * @param copies what copies of the sandbox are
   */
  MemorySnapshotTask(
      RemoteMemory memory, Snapshots snapshots, SandboxSpec copies, JsonObject image) {
    copies.checkFitForSnapshot();
    this.memory = memory;
    this.snapshots = snapshots;
    this.copies = copies;
    this.image = image;
  }

  MemorySnapshot run() {
    return snapshots.keepMemory(copies, image, memory::write);
  }

  /** Takes it on another thread; cancelling the future stops that. */
  CompletableFuture<MemorySnapshot> async(Executor executor) {
    return Waits.expose(
        CompletableFuture.supplyAsync(this::run, executor), executor, memory::cancel);
  }
}

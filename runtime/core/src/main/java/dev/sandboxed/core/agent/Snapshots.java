package dev.sandboxed.core.agent;

import dev.sandboxed.FileChange;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.protocol.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Keeps snapshots of a backend's sandboxes. Thread-safe. */
public interface Snapshots {
  /**
   * Keeps a snapshot.
   *
   * @param image what the backend said of the sandbox's image when it started it
   * @param changes writes what the sandbox has changed, as a layer, to a path where nothing is yet
   * @param timeToLive how long it is kept; for good if empty
   * @return the image
   * @throws SandboxException if it cannot be kept; nothing is left then
   */
  SnapshotImage keep(JsonObject image, Consumer<Path> changes, Optional<Duration> timeToLive);

  /**
   * Lists what a sandbox has changed; nothing of it is kept.
   *
   * @param image what the backend said of the sandbox's image when it started it
   * @param changes writes what the sandbox has changed, as a layer, to a path where nothing is yet
   * @return the changes, in the order of their paths
   * @throws SandboxException if they cannot be written, or the image cannot be read
   */
  List<FileChange> compare(JsonObject image, Consumer<Path> changes);

  /**
   * Keeps a snapshot of a sandbox with its memory.
   *
   * @param spec what copies of it are
   * @param image what the backend said of the sandbox's image when it started it
   * @param memory writes the memory into an empty directory
   * @return the snapshot
   * @throws SandboxException if it cannot be kept; nothing is left then
   */
  MemorySnapshot keepMemory(SandboxSpec spec, JsonObject image, Consumer<Path> memory);
}

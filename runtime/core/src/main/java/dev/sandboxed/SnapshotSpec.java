package dev.sandboxed;

import java.util.List;
import java.util.Optional;

/**
 * How a sandbox has to do with memory snapshots: an immutable value.
 *
 * @param whenReady whether it is a copy of a snapshot that was taken when the first of its kind was
 *     ready; see {@link SandboxBuilder#snapshotWhenReady}
 * @param source the snapshot that it is a copy of; see {@link MemorySnapshot#toBuilder}
 * @param onCopy what runs in each copy before it is handed out, empty for nothing; see {@link
 *     SandboxBuilder#onCopy}
 */
public record SnapshotSpec(
    boolean whenReady, Optional<MemorySnapshot> source, List<String> onCopy) {
  private static final SnapshotSpec NONE = new SnapshotSpec(false, Optional.empty(), List.of());

  /**
   * Checks and copies the values.
   *
   * @throws InvalidSpecException if one is out of its bounds
   */
  public SnapshotSpec {
    onCopy = List.copyOf(onCopy);
    SpecChecks.command(onCopy);
    SpecChecks.commandSize(onCopy);
    if (whenReady && source.isPresent()) {
      throw new InvalidSpecException(
          "A copy of a snapshot cannot be snapshotted when it is ready, which it is at once; use"
              + " either snapshotWhenReady() or MemorySnapshot.toBuilder()");
    }
  }

  /**
   * Returns what a sandbox has unless its spec says otherwise: nothing of snapshots.
   *
   * @return the value
   */
  public static SnapshotSpec none() {
    return NONE;
  }
}

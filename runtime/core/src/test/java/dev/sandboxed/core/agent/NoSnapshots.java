package dev.sandboxed.core.agent;

import dev.sandboxed.FileChange;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.protocol.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** For sandboxes of which no snapshot is taken. */
record NoSnapshots() implements Snapshots {
  @Override
  public SnapshotImage keep(
      JsonObject image, Consumer<Path> changes, Optional<Duration> timeToLive) {
    throw new AssertionError("nobody asks for a snapshot");
  }

  @Override
  public List<FileChange> compare(JsonObject image, Consumer<Path> changes) {
    throw new AssertionError("nobody asks for changes");
  }

  @Override
  public MemorySnapshot keepMemory(SandboxSpec spec, JsonObject image, Consumer<Path> memory) {
    throw new AssertionError("nobody asks for a snapshot");
  }
}

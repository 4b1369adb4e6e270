package dev.sandboxed.gvisor;

import dev.sandboxed.Backend;
import dev.sandboxed.FileChange;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.ImageException;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.agent.Snapshots;
import dev.sandboxed.core.agent.SpecMessage;
import dev.sandboxed.core.image.ImageMessage;
import dev.sandboxed.core.image.ImageStore;
import dev.sandboxed.core.image.PreparedImage;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Keeps snapshots in the image store.
 *
 * @param images the store
 * @param backend starts copies of those with memory
 */
record StoredSnapshots(ImageStore images, Backend backend) implements Snapshots {
  private static final int ID_BYTES = 32;

  @Override
  public SnapshotImage keep(
      JsonObject image, Consumer<Path> changes, Optional<Duration> timeToLive) {
    return new SnapshotImage(images.addSnapshot(read(image), changes::accept, timeToLive));
  }

  @Override
  public List<FileChange> compare(JsonObject image, Consumer<Path> changes) {
    return images.changes(read(image), changes::accept);
  }

  @Override
  public MemorySnapshot keepMemory(SandboxSpec spec, JsonObject image, Consumer<Path> memory) {
    var random = new byte[ID_BYTES];
    new SecureRandom().nextBytes(random);
    var id = HexFormat.of().formatHex(random);
    images.memory().add(id, read(image), SpecMessage.of(spec), memory);
    images.memory().makeRoom();
    return new StoredMemory(id, spec, images.memory(), backend);
  }

  /**
   * Finds a snapshot with memory.
   *
   * @throws ImageException if there is none, or it is damaged
   */
  MemorySnapshot memory(String id) {
    var kept =
        images
            .memory()
            .find(id)
            .orElseThrow(
                () ->
                    new ImageException(
                        "There is no memory snapshot \"%s\". It was removed or pruned, or taken by another user or with another cache directory."
                            .formatted(OutputTail.printable(id))));
    return new StoredMemory(id, SpecMessage.parse(kept.spec()), images.memory(), backend);
  }

  private static PreparedImage read(JsonObject image) {
    try {
      return ImageMessage.parse(image);
    } catch (ProtocolException e) {
      throw new SandboxException(
          "This sandbox gives no snapshots: it was started by another version, which does not tell"
              + " what image it is of",
          e);
    }
  }
}

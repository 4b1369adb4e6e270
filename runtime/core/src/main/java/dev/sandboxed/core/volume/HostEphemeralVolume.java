package dev.sandboxed.core.volume;

import dev.sandboxed.EphemeralVolume;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeFiles;
import dev.sandboxed.Volumes;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A volume that this process removes; see {@link EphemeralVolume}. */
final class HostEphemeralVolume implements EphemeralVolume {
  private final Volumes volumes;
  private final VolumeStore store;
  private final StoredVolume stored;
  private final AtomicBoolean closed = new AtomicBoolean();

  HostEphemeralVolume(Volumes volumes, VolumeStore store, StoredVolume stored) {
    this.volumes = volumes;
    this.store = store;
    this.stored = stored;
  }

  @Override
  public Volume volume() {
    return Volume.ofEphemeral(stored.name());
  }

  @Override
  public VolumeFiles files() {
    return volumes.files(volume());
  }

  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try {
      store.takeOut(stored).close();
    } catch (NoSuchFileException e) {
      // Somebody removed it by hand.
    } catch (IOException e) {
      System.getLogger("dev.sandboxed")
          .log(Level.WARNING, "Cannot remove " + stored.directory(), e);
    }
  }

  @Override
  public String toString() {
    return volume() + (closed.get() ? " (closed)" : "");
  }
}

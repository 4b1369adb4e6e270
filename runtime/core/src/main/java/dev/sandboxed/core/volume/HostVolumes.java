package dev.sandboxed.core.volume;

import dev.sandboxed.EphemeralVolume;
import dev.sandboxed.Volume;
import dev.sandboxed.VolumeFiles;
import dev.sandboxed.VolumeInUseException;
import dev.sandboxed.VolumeInfo;
import dev.sandboxed.VolumeNotFoundException;
import dev.sandboxed.Volumes;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The volumes of a user as directories of the host; see {@link Volumes}. */
public final class HostVolumes implements Volumes {
  private final VolumeStore store;

  /**
   * Returns the volumes in a store.
   *
   * @param store where they are
   */
  public HostVolumes(VolumeStore store) {
    this.store = store;
  }

  @Override
  public List<VolumeInfo> list() {
    try {
      var volumes = new ArrayList<VolumeInfo>();
      for (var volume : store.list(Volume.Kind.NAMED)) {
        try {
          volumes.add(new VolumeInfo(volume.name(), volume.created(), volume.isInUse()));
        } catch (NoSuchFileException e) {
          // It has just been removed.
        }
      }
      volumes.sort(Comparator.comparing(VolumeInfo::name));
      return List.copyOf(volumes);
    } catch (IOException e) {
      throw store.unusable(e);
    }
  }

  @Override
  public VolumeFiles files(Volume volume) {
    return new HostVolumeFiles(store, volume);
  }

  @Override
  public void remove(String name) {
    try {
      takeOut(store.existing(Volume.named(name))).close();
    } catch (NoSuchFileException e) {
      throw new VolumeNotFoundException(
          "The volume \"%s\" was removed by somebody else meanwhile".formatted(name));
    } catch (IOException e) {
      throw store.unusable(e);
    }
  }

  @Override
  public EphemeralVolume createEphemeral() {
    try {
      return new HostEphemeralVolume(this, store, store.makeEphemeral());
    } catch (IOException e) {
      throw store.unusable(e);
    }
  }

  /**
   * Gets a volume ready for a sandbox: makes what is missing of it.
   *
   * @param volume the volume, or a part of one
   * @return what its keeper is told
   * @throws VolumeNotFoundException if it is an ephemeral one that is closed
   */
  public VolumeMount mount(Volume volume) {
    try {
      var stored = store.ensure(volume);
      if (!volume.path().isEmpty()) {
        make(stored, volume);
      }
      return new VolumeMount(volume.name(), stored.lock(), stored.data(), volume.path());
    } catch (IOException e) {
      throw store.unusable(e);
    }
  }

  /** Removes what processes that have ended left behind. */
  public void sweep() {
    store.sweep();
  }

  /** Takes it out while no sandbox can get it; what is left to do needs the lock anew. */
  private Work takeOut(StoredVolume volume) throws IOException {
    try (var hold = volume.tryHold().orElse(null)) {
      if (hold == null) {
        throw new VolumeInUseException(
            "The volume \"%s\" cannot be removed: a sandbox that has it runs; end it first"
                .formatted(volume.name()));
      }
      return store.takeOut(volume);
    }
  }

  private void make(StoredVolume stored, Volume volume) throws IOException {
    try (var work = store.work()) {
      Walk.make(stored, volume.path(), work).close();
    } catch (IOException e) {
      throw new FileErrors(volume, "mount", String.join("/", volume.path())).of(e);
    }
  }
}

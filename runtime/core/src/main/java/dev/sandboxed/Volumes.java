package dev.sandboxed;

import java.util.List;

/**
 * The volumes of this user. Thread-safe; other processes may use the same volumes at any time.
 *
 * <pre>{@code
 * for (var volume : Volumes.ofUser().list()) {
 *   if (!volume.inUse() && volume.name().startsWith("tmp-")) {
 *     Volumes.ofUser().remove(volume.name());
 *   }
 * }
 * }</pre>
 */
public interface Volumes {

  /**
   * Returns the volumes that the default backend keeps for this user.
   *
   * @return the volumes
   * @throws BackendUnavailableException if there is no backend
   */
  static Volumes ofUser() {
    return Backends.shared().volumes();
  }

  /**
   * Lists the named volumes.
   *
   * @return sorted by name
   */
  List<VolumeInfo> list();

  /**
   * Gives access to the files of a volume, without a sandbox. An upload makes a named volume that
   * is missing, as a sandbox does; the other calls raise {@link VolumeNotFoundException} then.
   *
   * @param volume the volume, or a part of one; uploads and removals ask for one that is not {@link
   *     Volume#readOnly}
   * @return the files
   */
  VolumeFiles files(Volume volume);

  /**
   * Removes a named volume with all its files.
   *
   * @param name the volume's name
   * @throws VolumeNotFoundException if there is none
   * @throws VolumeInUseException if a sandbox that has it runs
   */
  void remove(String name);

  /**
   * Makes an empty volume without a name, which goes when it is closed.
   *
   * @return the volume, which the caller closes
   */
  EphemeralVolume createEphemeral();
}

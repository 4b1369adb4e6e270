package dev.sandboxed;

/**
 * A volume without a name, which goes when it is closed. Thread-safe.
 *
 * <pre>{@code
 * try (var scratch = Volume.ephemeral()) {
 *   try (var sandbox = Sandbox.builder().volume("/out", scratch.volume()).create()) {
 *     sandbox.exec("make", "-C", "/out").await();
 *   }
 *   var result = scratch.files().readText("result");   // the sandbox has ended
 * }
 * }</pre>
 *
 * <p>It never outlives the JVM that made it by long: what a killed one leaves is removed when the
 * next sandbox of the user starts.
 */
public interface EphemeralVolume extends AutoCloseable {

  /**
   * Returns the value that sandboxes are given.
   *
   * @return the whole volume, writable
   */
  Volume volume();

  /**
   * Gives access to the files, also when no sandbox runs.
   *
   * @return the files
   */
  VolumeFiles files();

  /**
   * Removes the volume with its files; a second call does nothing. Close the sandboxes that have it
   * first: those that still run lose its files.
   */
  @Override
  void close();
}

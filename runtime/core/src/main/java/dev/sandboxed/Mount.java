package dev.sandboxed;

import java.nio.file.Path;

/**
 * A host directory or file shown inside a sandbox.
 *
 * @param source the host path, absolute and normalised
 * @param access what writes inside do
 */
public record Mount(Path source, Access access) {

  /** What happens to writes inside. */
  public enum Access {
    /** Writes stay in the sandbox and are gone with it; the host's files are never touched. */
    COPY_ON_WRITE,
    /** Writes are refused. */
    READ_ONLY,
    /** Writes change the host's files. */
    WRITABLE
  }

  /** Makes the source absolute. */
  public Mount {
    source = source.toAbsolutePath().normalize();
  }

  /**
   * Shows a host path whose changes stay in the sandbox: the safe default.
   *
   * @param source the host path
   * @return the mount
   */
  public static Mount copyOnWrite(Path source) {
    return new Mount(source, Access.COPY_ON_WRITE);
  }

  /**
   * Shows a host path that cannot be changed.
   *
   * @param source the host path
   * @return the mount
   */
  public static Mount readOnly(Path source) {
    return new Mount(source, Access.READ_ONLY);
  }

  /**
   * Gives the sandbox write access to the host's own files; use it only for code that you trust
   * with them.
   *
   * @param source the host path
   * @return the mount
   */
  public static Mount writable(Path source) {
    return new Mount(source, Access.WRITABLE);
  }
}

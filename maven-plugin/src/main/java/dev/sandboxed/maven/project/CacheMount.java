package dev.sandboxed.maven.project;

import java.nio.file.Path;

/**
 * A cache of a build tool that the sandbox sees copy-on-write.
 *
 * @param source the host's directory
 * @param target its absolute path inside
 * @param use how tools use it
 */
public record CacheMount(Path source, String target, Use use) {

  /** How tools use a cache. */
  public enum Use {
    /** It holds what cannot be had otherwise without a network. */
    NEEDED,
    /** It only saves time, and tools do not work if they cannot write to it. */
    SAVES_TIME
  }
}

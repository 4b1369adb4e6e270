package dev.sandboxed.maven.report;

import dev.sandboxed.ByteSize;
import dev.sandboxed.SettledStep.Source;
import java.time.Instant;
import java.util.Optional;

/**
 * How something that a run starts from came to be there.
 *
 * @param part what it is
 * @param name the command or step that makes it, safe to show
 * @param source whether it was made, kept or waited for
 * @param key the beginning of what it is kept under
 * @param made when it was made; empty if that is not known
 * @param size how much it is; empty if that is not known
 */
public record CacheUse(
    Part part,
    String name,
    Source source,
    String key,
    Optional<Instant> made,
    Optional<ByteSize> size) {

  /** What is kept. */
  public enum Part {
    /** What a command of the installation has made. */
    INSTALLATION,
    /** What a step of the root file system has made. */
    IMAGE
  }
}

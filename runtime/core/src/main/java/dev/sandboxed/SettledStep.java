package dev.sandboxed;

import java.time.Instant;
import java.util.Optional;

/**
 * What came of a step of an image that changes files.
 *
 * @param step the step
 * @param source how its result came to be there
 * @param key what the result is kept under, 64 hexadecimal digits: the same for the same step on
 *     the same image
 * @param made when it was made; empty if that is not known, as of what was imported
 * @param size how much it changed; empty if the store had to give that up
 */
public record SettledStep(
    ImageStep step, Source source, String key, Optional<Instant> made, Optional<ByteSize> size) {

  /** How a result came to be there. */
  public enum Source {
    /** It was made now. */
    MADE,
    /** It was kept from before. */
    KEPT,
    /** Another build made it at this moment, and this one waited for it. */
    WAITED
  }
}

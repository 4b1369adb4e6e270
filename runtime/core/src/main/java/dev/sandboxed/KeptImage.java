package dev.sandboxed;

import java.time.Instant;
import java.util.Optional;

/**
 * Something that is kept of images.
 *
 * @param id names what it is made of, 64 hexadecimal digits
 * @param kind what it is
 * @param size the length of its own file or files
 * @param lastUsed when it was used last; of a snapshot, when it was taken
 * @param expires when its time to live is over, if it is a snapshot that has one
 */
public record KeptImage(
    String id, Kind kind, ByteSize size, Instant lastUsed, Optional<Instant> expires) {

  /** What is kept. */
  public enum Kind {
    /** The file of an image, ready to start from; made again where it is missing. */
    IMAGE,
    /** What a step or a snapshot has changed. */
    LAYER,
    /** A snapshot; what it is made of are layers and an image. */
    SNAPSHOT,
    /** A snapshot of a sandbox with its memory; it needs the file of an image. */
    MEMORY
  }
}

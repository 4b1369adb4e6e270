package dev.sandboxed;

/**
 * A change of a watched file.
 *
 * @param kind what happened
 * @param path the file's absolute path inside
 */
public record FileEvent(Kind kind, String path) {

  /** What can happen to a file. */
  public enum Kind {
    /** It was made, or moved here. */
    CREATED,
    /** Its contents or attributes changed. */
    MODIFIED,
    /** It was removed, or moved away. */
    DELETED,
    /** Changes were too many and some were lost; look again. */
    OVERFLOW
  }
}

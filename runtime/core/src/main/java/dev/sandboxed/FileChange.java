package dev.sandboxed;

import dev.sandboxed.FileStat.FileType;
import java.util.Optional;

/**
 * A file of a sandbox that is not as its image has it; see {@link Sandbox#changes}. A symbolic link
 * is described itself, not what it points to.
 *
 * @param path its absolute path inside, as the sandbox says: not safe to print as it is, nor to use
 *     on the host
 * @param kind what became of it
 * @param type what it is; of a removed one, what it was
 * @param size the size of a regular file in bytes, else 0; of a removed one, the size that it had
 * @param mode its permission bits, with set-uid, set-gid and sticky: 0 to 07777; of a removed one,
 *     those that it had
 * @param before what a regular file of the image holds, if that is UTF-8 text of 64 KiB at most
 * @param after what the regular file holds now, if that is UTF-8 text of 64 KiB at most
 */
public record FileChange(
    String path,
    Kind kind,
    FileType type,
    long size,
    int mode,
    Optional<String> before,
    Optional<String> after) {

  /** What became of a file. */
  public enum Kind {
    /** The image has nothing at its path. */
    ADDED,
    /** The image has something else at its path: other contents, another mode, owner or type. */
    CHANGED,
    /** The image has it, and the sandbox no longer; a directory with all that was in it. */
    REMOVED
  }
}

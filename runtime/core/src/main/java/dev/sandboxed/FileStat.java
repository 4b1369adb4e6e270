package dev.sandboxed;

import java.time.Instant;
import java.util.Optional;

/**
 * What a file inside a sandbox is; symbolic links are described themselves.
 *
 * @param name the last part of its path
 * @param path its absolute path inside
 * @param type what it is
 * @param size its size in bytes
 * @param mode its permission bits, with set-uid, set-gid and sticky: 0 to 07777
 * @param uid the owner's number
 * @param gid the group's number
 * @param user the owner's name inside, if it has one
 * @param group the group's name inside, if it has one
 * @param modified when its contents changed
 * @param linkTarget where a symbolic link points
 */
public record FileStat(
    String name,
    String path,
    FileType type,
    long size,
    int mode,
    int uid,
    int gid,
    Optional<String> user,
    Optional<String> group,
    Instant modified,
    Optional<String> linkTarget) {

  /** The kinds of files. */
  public enum FileType {
    /** A regular file. */
    FILE,
    /** A directory. */
    DIRECTORY,
    /** A symbolic link. */
    SYMLINK,
    /** A named pipe. */
    FIFO,
    /** A socket. */
    SOCKET,
    /** A character device. */
    CHARACTER_DEVICE,
    /** A block device. */
    BLOCK_DEVICE
  }
}

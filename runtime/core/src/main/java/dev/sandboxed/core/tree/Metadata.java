package dev.sandboxed.core.tree;

import java.time.Instant;

/**
 * What every file has, whatever its type.
 *
 * @param mode permission bits with set-uid, set-gid and sticky bit, 0 to 07777
 * @param uid owner, an unsigned 32-bit number
 * @param gid group, an unsigned 32-bit number
 * @param mtime time of last modification, to the nanosecond
 */
public record Metadata(int mode, long uid, long gid, Instant mtime) {
  private static final long MAX_ID = 0xffff_ffffL;

  public Metadata {
    if ((mode & ~07777) != 0) {
      throw new IllegalArgumentException(
          "mode 0" + Integer.toOctalString(mode) + " is not within 0 to 07777");
    }
    if (uid < 0 || uid > MAX_ID || gid < 0 || gid > MAX_ID) {
      throw new IllegalArgumentException(
          "owner " + uid + ":" + gid + " is not within 0 to " + MAX_ID);
    }
  }

  /**
   * Returns metadata of a file of root's, last changed at the epoch: the same on every machine and
   * day.
   */
  public static Metadata root(int mode) {
    return new Metadata(mode, 0, 0, Instant.EPOCH);
  }
}

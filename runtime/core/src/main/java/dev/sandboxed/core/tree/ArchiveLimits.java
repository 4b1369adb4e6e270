package dev.sandboxed.core.tree;

/**
 * What an archive may hold at most.
 *
 * @param entries number of files
 * @param bytes length of all contents together, and of the archive when it is unpacked from gzip
 */
public record ArchiveLimits(long entries, long bytes) {
  public ArchiveLimits {
    if (entries < 1 || bytes < 1) {
      throw new IllegalArgumentException(
          "limits must be positive: " + entries + " entries, " + bytes + " bytes");
    }
  }

  /** Returns limits that no honest archive meets: 2 million files, 1 TiB. */
  public static ArchiveLimits generous() {
    return new ArchiveLimits(2_000_000, 1L << 40);
  }
}

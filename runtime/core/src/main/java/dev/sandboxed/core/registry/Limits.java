package dev.sandboxed.core.registry;

import dev.sandboxed.core.tree.ArchiveLimits;

/**
 * What a registry may make us take at most.
 *
 * @param document bytes of a manifest, an index, a configuration or a token
 * @param layers layers of an image
 * @param unpacked files and bytes of all layers of an image together; also the bytes that are
 *     fetched
 */
public record Limits(int document, int layers, ArchiveLimits unpacked) {
  /** Returns limits that no honest image meets: 4 MiB, 1,000 layers, 2 million files, 256 GiB. */
  public static Limits generous() {
    return new Limits(4 << 20, 1000, new ArchiveLimits(2_000_000, 256L << 30));
  }
}

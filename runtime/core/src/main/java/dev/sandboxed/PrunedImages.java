package dev.sandboxed;

/**
 * What a pruning removed.
 *
 * @param images number of files of images
 * @param layers number of layers
 * @param snapshots number of snapshots: those whose time to live was over, and those with memory
 *     that the limits did not let stay
 * @param size the length of all files
 */
public record PrunedImages(int images, int layers, int snapshots, ByteSize size) {

  /** Returns what was removed, as a sentence. */
  @Override
  public String toString() {
    return images + layers + snapshots == 0
        ? "No image was removed."
        : "Removed %,d files of images, %,d layers and %,d snapshots, %,d MiB."
            .formatted(images, layers, snapshots, size.bytes() >> 20);
  }
}

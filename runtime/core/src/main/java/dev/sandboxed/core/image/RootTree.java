package dev.sandboxed.core.image;

import java.util.Optional;

/**
 * What the root file system of an image is made of; its file need not be there. Equal digests mean
 * equal files.
 */
sealed interface RootTree {
  /** Changes when the same parts would give another file. */
  String FORMAT = "erofs-1";

  /** Returns what names the file, 64 hexadecimal digits. */
  String digest();

  /**
   * What no layers lie below.
   *
   * @param source makes its tree if its file is missing
   */
  record Base(String digest, OpenTree.Source source) implements RootTree {}

  /**
   * A layer on another root.
   *
   * @param layer the digest of the layer, as OCI counts it: that of the uncompressed archive
   * @param key the key of the step that made the layer and can make it again, if one can
   */
  record Layered(String digest, RootTree below, String layer, Optional<String> key)
      implements RootTree {
    static Layered of(RootTree below, String layer, Optional<String> key) {
      String digest = new KeyDigest(FORMAT + " layer").text(below.digest()).text(layer).hex();
      return new Layered(digest, below, layer, key);
    }
  }
}

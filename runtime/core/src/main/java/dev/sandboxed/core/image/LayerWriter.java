package dev.sandboxed.core.image;

import java.io.IOException;
import java.nio.file.Path;

/** Writes a layer: an uncompressed archive as OCI describes it. */
@FunctionalInterface
public interface LayerWriter {
  /**
   * Writes the layer.
   *
   * @param layer where it goes; nothing is there yet
   * @throws IOException if it cannot be written
   */
  void write(Path layer) throws IOException;
}

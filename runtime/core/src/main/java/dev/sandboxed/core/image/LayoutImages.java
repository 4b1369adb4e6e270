package dev.sandboxed.core.image;

import dev.sandboxed.Image.LayoutImage;
import dev.sandboxed.core.registry.LayoutDirectory;
import dev.sandboxed.core.registry.Limits;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Images of OCI layouts on the host. A layout's documents are read each time, its layers only when
 * the image's file is made. Thread-safe.
 */
final class LayoutImages {
  private final Path scratch;

  /**
   * Makes the part of a store that reads layouts.
   *
   * @param scratch the directory for what is under way
   */
  LayoutImages(Path scratch) {
    this.scratch = scratch;
  }

  ResolvedImage resolve(LayoutImage image) throws IOException {
    var entry = new LayoutDirectory(image.path(), Limits.generous()).entry(image.name());
    var found = entry.resolve(RegistryImages.architecture());
    return RegistryImages.image(
        RegistryImages.erofs(found.manifest()),
        found.config(),
        () -> {
          var layers = entry.layers(found, scratch);
          try {
            return OpenTree.of(layers.tree(), layers::close);
          } catch (IOException | RuntimeException | Error e) {
            layers.close();
            throw e;
          }
        });
  }
}

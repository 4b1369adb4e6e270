package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Removes what is kept of sandboxes that have ended, their status and logs, and what killed
 * processes left behind; snapshots whose time to live is over, and images beyond the limits {@code
 * sandboxed.images.max-age} and {@code sandboxed.images.max-size}. Running sandboxes stay.
 */
@Mojo(name = "prune", requiresProject = false, aggregator = true, threadSafe = true)
public final class PruneMojo extends AbstractSandboxesMojo {

  /** Made by Maven. */
  public PruneMojo() {}

  @Override
  void run(Backend backend, Output shown) {
    var removed = backend.prune();
    var images = backend.images().prune();
    if (shown == Output.JSON) {
      print(
          to -> {
            to.writeStartObject();
            to.writeArrayPropertyStart("removed");
            removed.forEach(to::writeString);
            to.writeEndArray();
            to.writeObjectPropertyStart("images");
            to.writeNumberProperty("files", images.images());
            to.writeNumberProperty("layers", images.layers());
            to.writeNumberProperty("snapshots", images.snapshots());
            to.writeNumberProperty("bytes", images.size().bytes());
            to.writeEndObject();
            to.writeEndObject();
          });
      return;
    }
    getLog()
        .info(
            removed.isEmpty()
                ? "Nothing was kept of sandboxes that have ended."
                : "Removed what was kept of %,d sandboxes that have ended."
                    .formatted(removed.size()));
    getLog().info(images.toString());
  }
}

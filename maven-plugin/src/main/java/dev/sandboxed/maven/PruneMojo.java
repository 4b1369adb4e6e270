package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Removes what is kept of sandboxes that have ended, their status and logs, and what killed
 * processes left behind. Running sandboxes stay.
 */
@Mojo(name = "prune", requiresProject = false, aggregator = true, threadSafe = true)
public final class PruneMojo extends AbstractSandboxesMojo {

  /** Made by Maven. */
  public PruneMojo() {}

  @Override
  void run(Backend backend, Output shown) {
    var removed = backend.prune();
    if (shown == Output.JSON) {
      print(
          to -> {
            to.writeStartObject();
            to.writeArrayPropertyStart("removed");
            removed.forEach(to::writeString);
            to.writeEndArray();
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
  }
}

package dev.sandboxed.gvisor;

import dev.sandboxed.Image;
import dev.sandboxed.core.image.HostMount;
import dev.sandboxed.core.image.ImageStore;
import dev.sandboxed.core.image.PreparedImage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Images out of the store that all processes of a user share. */
final class StoredImages implements Images {
  private final ImageStore store;

  StoredImages(ImageStore store) {
    this.store = store;
  }

  @Override
  public Prepared prepare(Image image) {
    PreparedImage prepared = store.prepare(image);
    Map<String, Path> tools = new LinkedHashMap<>();
    for (HostMount mount : prepared.mounts()) {
      tools.put(mount.target(), mount.source());
    }
    return new Prepared(
        prepared.erofs(), tools, prepared.environment(), Optional.of(prepared.workingDirectory()));
  }

  @Override
  public Path agent(Path agent) {
    return store.agentImage(agent);
  }
}

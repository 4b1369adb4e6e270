package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.ByteSize;
import dev.sandboxed.InvalidSpecException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;

/**
 * Writes what installations and other steps of images have made, and snapshots of file systems,
 * into a directory, for a CI server to keep: {@code sandbox:import} takes it into the store of
 * another machine, so that nothing of it is made again. An export that is killed leaves the one
 * before whole.
 */
@Mojo(name = "export", requiresProject = false, aggregator = true, threadSafe = true)
public final class ExportMojo extends AbstractCacheMojo {

  /**
   * How much there may be in the directory, such as {@code 500m}; what was used last comes first.
   */
  @Parameter(property = "sandbox.cache.size", defaultValue = "2g")
  String size = "2g";

  /** Made by Maven. */
  public ExportMojo() {}

  @Override
  void run(Backend backend, Output shown) {
    show(backend.images().exportCache(directory(), room()), "Exported", shown);
  }

  private ByteSize room() {
    try {
      return ByteSize.parse(size);
    } catch (InvalidSpecException e) {
      throw new InvalidSpecException("sandbox.cache.size: " + e.getMessage(), e);
    }
  }
}

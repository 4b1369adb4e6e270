package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.ByteSize;
import dev.sandboxed.ImageException;
import dev.sandboxed.Images.Carried;
import java.nio.file.Files;
import java.util.List;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Takes what {@code sandbox:export} wrote, on this machine or another, into the store, after it was
 * checked. A cache is no reason for a build to fail: one that is not there is noted, and of one
 * that is damaged the rest is taken, with a warning.
 */
@Mojo(name = "import", requiresProject = false, aggregator = true, threadSafe = true)
public final class ImportMojo extends AbstractCacheMojo {

  /** Made by Maven. */
  public ImportMojo() {}

  @Override
  void run(Backend backend, Output shown) {
    if (Files.notExists(directory())) {
      show(nothing("there is no directory " + directory()), "Imported", shown);
      return;
    }
    try {
      show(backend.images().importCache(directory()), "Imported", shown);
    } catch (ImageException e) {
      show(nothing(String.valueOf(e.getMessage())), "Imported", shown);
    }
  }

  private static Carried nothing(String why) {
    return new Carried(0, 0, new ByteSize(0), List.of(why));
  }
}

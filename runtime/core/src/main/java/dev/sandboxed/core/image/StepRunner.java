package dev.sandboxed.core.image;

import dev.sandboxed.BuildLog;
import dev.sandboxed.Image;
import dev.sandboxed.ImageBuildException;
import dev.sandboxed.ImageStep;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Runs the programs of steps in sandboxes. A store is given one with each image that it prepares:
 * so whoever gives up the start of a sandbox ends the sandboxes of its image's steps, too.
 */
@FunctionalInterface
public interface StepRunner {
  /**
   * Runs the program of a step in a sandbox on an image, and writes what it changed.
   *
   * @param parent the image before the step, for people
   * @param prepared the same image, ready to start from
   * @param step the step
   * @param layer where the changes go: an uncompressed layer as OCI describes it; made, or written
   *     over, by this call
   * @throws ImageBuildException if the program fails
   * @throws IOException if the layer cannot be written
   */
  void run(Image parent, PreparedImage prepared, ImageStep.InSandbox step, Path layer)
      throws IOException;

  /** Returns what is told of the steps that the store need not have run. */
  default BuildLog log() {
    return new BuildLog() {};
  }
}

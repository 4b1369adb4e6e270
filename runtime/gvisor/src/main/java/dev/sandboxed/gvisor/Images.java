package dev.sandboxed.gvisor;

import dev.sandboxed.Image;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Turns images into files. */
interface Images {

  /**
   * An image as a sandbox needs it.
   *
   * @param root the root file system, an EROFS image
   * @param tools host directories by their paths inside, shown read-only
   * @param env the environment that the image asks for
   * @param workdir the working directory that the image asks for
   */
  record Prepared(
      Path root, Map<String, Path> tools, Map<String, String> env, Optional<String> workdir) {}

  Prepared prepare(Image image);

  /** Returns the EROFS image that holds the agent. */
  Path agent(Path agent);
}

package dev.sandboxed.maven.project;

import java.io.IOException;
import java.nio.file.Path;

/** Where Mavens of other versions come from. */
@FunctionalInterface
public interface MavenDistributions {

  /**
   * Returns the home of a Maven, which is fetched if need be.
   *
   * @param range the versions that will do, as Maven writes them, such as {@code [3.9.6]}
   * @return the newest of the oldest major version that there is
   * @throws IOException if there is none, or it cannot be fetched; the message says why
   */
  Path fetch(String range) throws IOException;
}

package dev.sandboxed.core.binaries;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The directory that everything which is kept between runs, and could be made anew, lives under:
 * one per user, private to that user.
 *
 * @param path an absolute path; the directory need not exist yet
 */
public record CacheRoot(Path path) {
  /** The system property that names another directory. */
  public static final String PROPERTY = "sandboxed.cache";

  /** The environment variable that names another directory; the property goes first. */
  public static final String VARIABLE = "SANDBOXED_CACHE";

  private static final UserDirectory KIND =
      new UserDirectory(
          "cache directory",
          "the cache",
          "change the programs in it",
          PROPERTY,
          VARIABLE,
          "XDG_CACHE_HOME",
          ".cache",
          "sandboxed");

  /** Checks that the path is absolute. */
  public CacheRoot {
    path = KIND.absolute(path);
  }

  /**
   * The directory the settings name, else {@code $XDG_CACHE_HOME/sandboxed}, else {@code
   * ~/.cache/sandboxed}.
   */
  public static CacheRoot from(Settings settings) {
    return new CacheRoot(KIND.find(settings));
  }

  /**
   * Makes sure that a directory under the root exists, with mode 0700, and that nobody but this
   * user can change what is in it.
   *
   * @param name relative to the root, without {@code ..}
   */
  public Path directory(String name) {
    Path directory = path.resolve(name).normalize();
    if (!directory.startsWith(path)) {
      throw new IllegalArgumentException("'" + name + "' leaves the cache directory");
    }
    for (Path step = path; ; step = step.resolve(directory.getName(step.getNameCount()))) {
      try {
        KIND.makePrivate(step);
      } catch (IOException e) {
        throw CacheErrors.cannotWrite(step, e);
      }
      if (step.equals(directory)) {
        return directory;
      }
    }
  }
}

package dev.sandboxed.core.binaries;

import dev.sandboxed.BackendUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The directory that everything which is kept between runs lives under: one per user, private to
 * that user.
 *
 * @param path an absolute path; the directory need not exist yet
 */
public record CacheRoot(Path path) {
  /** The system property that names another directory. */
  public static final String PROPERTY = "sandboxed.cache";

  /** The environment variable that names another directory; the property goes first. */
  public static final String VARIABLE = "SANDBOXED_CACHE";

  private static final String HOW_TO_NAME_ANOTHER =
      "name another directory with -D" + PROPERTY + "=/path or " + VARIABLE + "=/path";

  /** Checks that the path is absolute. */
  public CacheRoot {
    if (!path.isAbsolute()) {
      throw new BackendUnavailableException(
          "The cache directory '%s' is not an absolute path; %s."
              .formatted(path, HOW_TO_NAME_ANOTHER));
    }
    path = path.normalize();
  }

  /**
   * The directory the settings name, else {@code $XDG_CACHE_HOME/sandboxed}, else {@code
   * ~/.cache/sandboxed}.
   */
  public static CacheRoot from(Settings settings) {
    Optional<String> named = settings.property(PROPERTY).or(() -> settings.variable(VARIABLE));
    if (named.isPresent()) {
      return new CacheRoot(parse(named.get()));
    }
    // The XDG specification asks to ignore a relative value.
    Optional<Path> xdg =
        settings.variable("XDG_CACHE_HOME").map(CacheRoot::parse).filter(Path::isAbsolute);
    if (xdg.isPresent()) {
      return new CacheRoot(xdg.get().resolve("sandboxed"));
    }
    Path home = settings.property("user.home").map(CacheRoot::parse).orElse(Path.of(""));
    if (!home.isAbsolute()) {
      throw new BackendUnavailableException(
          "This user has no home directory (user.home is '%s'), so there is no place for the cache; %s."
              .formatted(home, HOW_TO_NAME_ANOTHER));
    }
    return new CacheRoot(home.resolve(".cache").resolve("sandboxed"));
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
      makePrivate(step);
      if (step.equals(directory)) {
        return directory;
      }
    }
  }

  private static void makePrivate(Path directory) {
    UnixStat stat;
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(directory, UnixStat.OWNER_ONLY);
      }
      stat = UnixStat.ofTarget(directory);
    } catch (IOException e) {
      throw CacheErrors.cannotWrite(directory, e);
    }
    if (stat.uid() != UnixStat.ownUid()) {
      throw new BackendUnavailableException(
          "The cache directory %s belongs to user id %s and this process runs as user id %s, so what is in it cannot be trusted; %s."
              .formatted(
                  directory,
                  Integer.toUnsignedString(stat.uid()),
                  Integer.toUnsignedString(UnixStat.ownUid()),
                  HOW_TO_NAME_ANOTHER));
    }
    if ((stat.permissions() & 0022) != 0) {
      throw new BackendUnavailableException(
          "The cache directory %s has mode %o, so other users could change the programs in it; run: chmod 700 %s"
              .formatted(directory, stat.permissions(), directory));
    }
  }

  private static Path parse(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new BackendUnavailableException(
          "The cache directory '%s' is not a path: %s; %s."
              .formatted(text, e.getReason(), HOW_TO_NAME_ANOTHER),
          e);
    }
  }
}

package dev.sandboxed.core.binaries;

import dev.sandboxed.BackendUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A kind of directory that each user has one of: where it is, and that it is private.
 *
 * @param what what it is called in messages, such as {@code cache directory}
 * @param use what it is for in messages, such as {@code the cache}
 * @param danger what others could do who may write there
 * @param property the system property that names another
 * @param variable the environment variable that names another; the property goes first
 * @param base the environment variable of the XDG specification that it is below of
 * @param home what stands for the value of that variable where it is not set, below the user's home
 * @param name its path below the base
 */
public record UserDirectory(
    String what,
    String use,
    String danger,
    String property,
    String variable,
    String base,
    String home,
    String name) {

  /** Returns the path that the settings name, absolute and normalised; nothing is made. */
  public Path find(Settings settings) {
    Optional<String> named = settings.property(property).or(() -> settings.variable(variable));
    if (named.isPresent()) {
      return absolute(parse(named.get()));
    }
    // The XDG specification asks to ignore a relative value.
    Optional<Path> xdg = settings.variable(base).map(this::parse).filter(Path::isAbsolute);
    if (xdg.isPresent()) {
      return xdg.get().resolve(name).normalize();
    }
    Path homeDirectory = settings.property("user.home").map(this::parse).orElse(Path.of(""));
    if (!homeDirectory.isAbsolute()) {
      throw new BackendUnavailableException(
          "This user has no home directory (user.home is '%s'), so there is no place for %s; %s."
              .formatted(homeDirectory, use, howToNameAnother()));
    }
    return homeDirectory.resolve(home).resolve(name).normalize();
  }

  /** Checks that a path is absolute; returns it normalised. */
  Path absolute(Path path) {
    if (!path.isAbsolute()) {
      throw new BackendUnavailableException(
          "The %s '%s' is not an absolute path; %s.".formatted(what, path, howToNameAnother()));
    }
    return path.normalize();
  }

  /**
   * Makes sure that a directory of this kind, or one in it, exists and that nobody but this user
   * can change what is in it.
   */
  public void makePrivate(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory, UnixStat.OWNER_ONLY);
    }
    var stat = UnixStat.ofTarget(directory);
    if (stat.uid() != UnixStat.ownUid()) {
      throw new BackendUnavailableException(
          "The %s %s belongs to user id %s and this process runs as user id %s, so what is in it cannot be trusted; %s."
              .formatted(
                  what,
                  directory,
                  Integer.toUnsignedString(stat.uid()),
                  Integer.toUnsignedString(UnixStat.ownUid()),
                  howToNameAnother()));
    }
    if ((stat.permissions() & 0022) != 0) {
      throw new BackendUnavailableException(
          "The %s %s has mode %o, so other users could %s; run: chmod 700 %s"
              .formatted(what, directory, stat.permissions(), danger, directory));
    }
  }

  /** Returns what to do where the place does not fit. */
  public String howToNameAnother() {
    return "name another directory with -D" + property + "=/path or " + variable + "=/path";
  }

  private Path parse(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new BackendUnavailableException(
          "The %s '%s' is not a path: %s; %s."
              .formatted(what, text, e.getReason(), howToNameAnother()),
          e);
    }
  }
}

package dev.sandboxed.maven.project;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * What Cargo has downloaded on the host.
 *
 * @param home Cargo's home directory
 */
record CargoCache(Path home) {
  private static final int MAX_SETTINGS = 1 << 20;

  /**
   * Returns whether all is there that a lock file names, where a Cargo without the user's settings
   * finds it.
   */
  boolean has(CargoLock lock) {
    return !hasOtherSources() && keeps(lock);
  }

  /** Crates of another source than the usual one are found only by settings that name it. */
  private boolean hasOtherSources() {
    return List.of("config", "config.toml").stream()
        .map(home::resolve)
        .filter(CargoCache::isFile)
        .anyMatch(CargoCache::replacesSources);
  }

  private static boolean replacesSources(Path settings) {
    try (var in = Files.newInputStream(settings)) {
      return new TomlMapper()
          .readTree(in.readNBytes(MAX_SETTINGS))
          .path("source")
          .valueStream()
          .anyMatch(source -> source.has("replace-with"));
    } catch (IOException | JacksonException e) {
      return false;
    }
  }

  private boolean keeps(CargoLock lock) {
    var registries = directories(home.resolve("registry/cache"));
    var repositories = directories(home.resolve("git/checkouts"));
    return lock.crates().stream()
            .allMatch(crate -> registries.stream().anyMatch(r -> isFile(r.resolve(crate))))
        && lock.commits().stream()
            .allMatch(commit -> repositories.stream().anyMatch(r -> has(r, commit)));
  }

  /**
   * Cargo calls a repository by its name and a hash, and a commit by the first digits of its id.
   */
  private static boolean has(Path repository, CargoLock.Commit commit) {
    var name = String.valueOf(repository.getFileName());
    return name.startsWith(commit.repository() + "-")
        && directories(repository).stream()
            .map(checkout -> String.valueOf(checkout.getFileName()))
            .anyMatch(digits -> digits.length() >= 7 && commit.id().startsWith(digits));
  }

  private static boolean isFile(Path file) {
    return Files.isRegularFile(file);
  }

  private static List<Path> directories(Path parent) {
    if (!Files.isDirectory(parent)) {
      return List.of();
    }
    try (var entries = Files.list(parent)) {
      return entries.filter(Files::isDirectory).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }
}

package dev.sandboxed.maven.project;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files by which a project is recognised, on the host.
 *
 * <p>They may be written by somebody hostile: symbolic links are not followed, only regular files
 * are read, and only so much of them.
 *
 * @param directory the directory that holds the project's files
 * @param root the checkout that it is in, or is
 */
public record Checkout(Path directory, Path root) {
  private static final int MAX_BYTES = 4 * 1024 * 1024;
  private static final int MAX_ENTRIES = 10_000;

  /** Makes the directories absolute. */
  public Checkout {
    directory = directory.toAbsolutePath().normalize();
    root = root.toAbsolutePath().normalize();
  }

  /**
   * Takes a checkout that is one project.
   *
   * @param directory the directory that holds the project's files
   */
  public Checkout(Path directory) {
    this(directory, directory);
  }

  boolean hasFile(String name) {
    return resolve(name).filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS)).isPresent();
  }

  /**
   * Returns whether there is such a file in the checkout, and no link on the way to it.
   *
   * @param path relative to the project; it may lead out of it, but not out of the checkout
   */
  boolean hasPlainFile(Path path) {
    var inRoot = inRoot(path);
    if (inRoot.isAbsolute() || inRoot.startsWith("..") || inRoot.toString().isEmpty()) {
      return false;
    }
    for (var i = 1; i < inRoot.getNameCount(); i++) {
      if (!Files.isDirectory(root.resolve(inRoot.subpath(0, i)), LinkOption.NOFOLLOW_LINKS)) {
        return false;
      }
    }
    return Files.isRegularFile(root.resolve(inRoot), LinkOption.NOFOLLOW_LINKS);
  }

  /** Returns where in the checkout a path is that is relative to the project. */
  Path inRoot(Path path) {
    return root.relativize(directory.resolve(path).normalize());
  }

  boolean hasDirectory(String name) {
    return resolve(name).filter(f -> Files.isDirectory(f, LinkOption.NOFOLLOW_LINKS)).isPresent();
  }

  /** Returns where something is, if the way to it is in the checkout and leads over no link. */
  private Optional<Path> resolve(String name) {
    Path path;
    try {
      path = directory.resolve(name).normalize();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
    if (!path.startsWith(root)) {
      return Optional.empty();
    }
    var parent = path.equals(root) ? root : path.getParent();
    while (parent != null && !parent.equals(root)) {
      if (Files.isSymbolicLink(parent)) {
        return Optional.empty();
      }
      parent = parent.getParent();
    }
    return Optional.of(path);
  }

  /** Returns whether anything has this name, be it a link that leads nowhere. */
  boolean has(String name) {
    return Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  /** Returns the first of these files that is there. */
  Optional<String> firstFile(String... names) {
    return List.of(names).stream().filter(this::hasFile).findFirst();
  }

  /** Returns those of these files that are there, in this order. */
  List<String> files(String... names) {
    return List.of(names).stream().filter(this::hasFile).toList();
  }

  /** Returns whether a file directly in a directory has a name like this. */
  boolean hasFileLike(String directoryName, String regex) {
    return entries(directoryName)
        .anyMatch(
            e ->
                e.getFileName().toString().matches(regex)
                    && Files.isRegularFile(e, LinkOption.NOFOLLOW_LINKS));
  }

  /** Returns the names of the directories in a directory, sorted; those of links are not. */
  List<String> directoriesIn(String directoryName) {
    return entries(directoryName)
        .filter(e -> Files.isDirectory(e, LinkOption.NOFOLLOW_LINKS))
        .map(e -> e.getFileName().toString())
        .sorted()
        .toList();
  }

  /** Returns the names of the files in a directory, sorted. */
  List<String> filesIn(String directoryName) {
    return entries(directoryName)
        .filter(e -> Files.isRegularFile(e, LinkOption.NOFOLLOW_LINKS))
        .map(e -> e.getFileName().toString())
        .sorted()
        .toList();
  }

  private Stream<Path> entries(String directoryName) {
    if (!hasDirectory(directoryName)) {
      return Stream.empty();
    }
    try (var entries = Files.list(directory.resolve(directoryName))) {
      return entries.limit(MAX_ENTRIES).toList().stream();
    } catch (IOException | UncheckedIOException e) {
      return Stream.empty();
    }
  }

  /** Returns the text of a file; empty if it is missing or cannot be read. */
  Optional<String> read(String name) {
    if (!hasFile(name)) {
      return Optional.empty();
    }
    try (var in = Files.newInputStream(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}

package dev.sandboxed.core.dockerfile;

import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.HostPaths;
import dev.sandboxed.core.tree.PathPattern;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The directory that a Dockerfile copies from. Nothing outside of it is ever found: names that
 * climb out and links that lead out are refused. What its {@code .dockerignore} excludes is not
 * there.
 */
final class Context {
  private static final int MAX_LINKS = 40;
  private static final int MAX_MATCHES = 100_000;

  private final Path root;
  private final IgnoreFile ignored;

  /**
   * Opens a context.
   *
   * @param root the directory, absolute
   */
  Context(Path root, IgnoreFile ignored) throws IOException {
    this.root = root.toRealPath();
    this.ignored = ignored;
  }

  /**
   * Something that is to be copied.
   *
   * @param file where it lies, no link
   * @param name what it is called where it was found
   * @param isDirectory whether it is a directory, of which the contents are copied
   * @param excluded what is not copied of a directory, relative to it
   */
  record Source(Path file, String name, boolean isDirectory, List<Path> excluded) {}

  /** A place in the context: names below the root, none of which is a link. */
  private record Place(List<Path> names) {
    Place child(Path name) {
      var longer = new ArrayList<>(names);
      longer.add(name);
      return new Place(List.copyOf(longer));
    }

    Optional<Place> parent() {
      return names.isEmpty()
          ? Optional.empty()
          : Optional.of(new Place(names.subList(0, names.size() - 1)));
    }
  }

  /** A place, and the name that led to it last, which may be a link's. */
  private record Found(Place place, String name) {}

  /**
   * Finds what a source of {@code COPY} or {@code ADD} means.
   *
   * @param source a path or a pattern, relative to the context, also with a slash before it
   * @return in the order of their names; empty if there is nothing
   * @throws Substitution.Malformed if it leads out of the context, or is no pattern
   */
  List<Source> find(String source) throws IOException {
    var places = List.of(new Found(new Place(List.of()), ""));
    for (var name : PathPattern.of(source).names()) {
      var further = new ArrayList<Found>();
      for (var found : places) {
        var place = found.place();
        if (name.equals("..")) {
          further.add(new Found(place.parent().orElseThrow(() -> leadsOut(source)), ""));
        } else if (PathPattern.isPattern(name)) {
          further.addAll(matching(place, name, source));
        } else {
          found(place, name(name), source).map(p -> new Found(p, name)).ifPresent(further::add);
        }
      }
      if (further.size() > MAX_MATCHES) {
        throw new Substitution.Malformed(
            "%s matches more than %,d files"
                .formatted(DockerfileException.shown(source), MAX_MATCHES));
      }
      places = List.copyOf(further);
    }
    var sources = new ArrayList<Source>();
    for (var found : places) {
      sources.add(source(found));
    }
    return sources;
  }

  private Source source(Found found) throws IOException {
    var file = path(found.place());
    var excluded = new ArrayList<Path>();
    var isDirectory = Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
    if (isDirectory) {
      isKept(found.place(), file, excluded);
    }
    return new Source(file, found.name(), isDirectory, List.copyOf(excluded));
  }

  /** Returns whether something counts, and notes what of it does not. */
  private boolean isKept(Place place, Path top, List<Path> excluded) throws IOException {
    var isExcluded = !place.names().isEmpty() && ignored.excludes(texts(place));
    var file = path(place);
    var isKept = !isExcluded;
    var below = new ArrayList<Path>();
    if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
        && (isExcluded ? ignored.hasExceptions() : ignored.hasRules())) {
      for (var name : names(file)) {
        isKept |= isKept(place.child(name), top, below);
      }
    }
    if (isKept) {
      excluded.addAll(below);
    } else {
      excluded.add(top.relativize(file));
    }
    return isKept;
  }

  private List<Found> matching(Place directory, String pattern, String source) throws IOException {
    var places = new ArrayList<Found>();
    if (Files.isDirectory(path(directory), LinkOption.NOFOLLOW_LINKS)) {
      for (var name : names(path(directory))) {
        if (PathPattern.matches(pattern, text(name))) {
          found(directory, name, source)
              .map(place -> new Found(place, text(name)))
              .ifPresent(places::add);
        }
      }
    }
    return places;
  }

  /** Returns where a name leads, through links if it is one. */
  private Optional<Place> found(Place directory, Path name, String source) throws IOException {
    return found(directory, name, source, new int[1]);
  }

  private Optional<Place> found(Place directory, Path name, String source, int[] links)
      throws IOException {
    var place = directory.child(name);
    var file = path(place);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS) || isGone(place, file)) {
      return Optional.empty();
    }
    if (!Files.isSymbolicLink(file)) {
      return Optional.of(place);
    }
    if (++links[0] > MAX_LINKS) {
      throw new Substitution.Malformed(
          "%s leads through more than %d links"
              .formatted(DockerfileException.shown(source), MAX_LINKS));
    }
    var target = Files.readSymbolicLink(file);
    if (target.isAbsolute()) {
      throw leadsOut(source);
    }
    var at = Optional.of(directory);
    for (var step : target) {
      if (at.isEmpty()) {
        return at;
      }
      if (step.toString().equals("..")) {
        at = Optional.of(at.get().parent().orElseThrow(() -> leadsOut(source)));
      } else if (!step.toString().isEmpty() && !step.toString().equals(".")) {
        at = found(at.get(), step, source, links);
      }
    }
    return at;
  }

  private boolean isGone(Place place, Path file) throws IOException {
    return ignored.excludes(texts(place))
        && !(Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
            && ignored.hasExceptions()
            && isKept(place, file, new ArrayList<>()));
  }

  private static Substitution.Malformed leadsOut(String source) {
    return new Substitution.Malformed(
        "%s leads out of the context; copy it into the context, or name a larger one"
            .formatted(DockerfileException.shown(source)));
  }

  private Path path(Place place) {
    var path = root;
    for (var name : place.names()) {
      path = path.resolve(name);
    }
    return path;
  }

  private static List<Path> names(Path directory) throws IOException {
    var names = new ArrayList<Path>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (var file : files) {
        names.add(file.getFileName());
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    names.sort(Comparator.comparing(Context::text));
    return names;
  }

  private static List<String> texts(Place place) {
    return place.names().stream().map(Context::text).toList();
  }

  /** Returns the name of exactly these characters in UTF-8, whatever the locale. */
  private static Path name(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new Substitution.Malformed("a path holds a NUL character");
    }
    return HostPaths.resolve(Path.of(""), ByteStrings.of(text));
  }

  /** Returns a name as patterns have it, whatever the locale. */
  private static String text(Path name) {
    return new String(HostPaths.bytes(name), StandardCharsets.UTF_8);
  }
}

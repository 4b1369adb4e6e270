package dev.sandboxed.maven.project;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The POMs that a build of a project reads in its checkout: its own, those of its modules, and of
 * their parents. What leads out of the checkout, or through a link, is not followed.
 */
final class Reactor {
  static final String NAME = "pom.xml";
  private static final int MAX_POMS = 500;
  private static final long MAX_CHARACTERS = 32L << 20;

  private final Map<Path, Pom> poms;
  private final Set<String> own;

  private Reactor(Map<Path, Pom> poms) {
    this.poms = poms;
    own = poms.values().stream().map(pom -> pom.artifact().key()).collect(Collectors.toSet());
  }

  /** Reads a project's; one without POMs if its own says nothing. */
  static Reactor read(Checkout checkout) {
    var read = new LinkedHashMap<Path, Pom>();
    var open = new ArrayDeque<Path>();
    var seen = new HashSet<Path>();
    var characters = 0L;
    open.add(Path.of(NAME));
    while (!open.isEmpty() && read.size() < MAX_POMS && characters < MAX_CHARACTERS) {
      var path = open.remove();
      if (!seen.add(path) || !checkout.hasPlainFile(path)) {
        continue;
      }
      var text = checkout.read(path.toString()).orElse("");
      characters += text.length();
      Pom.read(text)
          .ifPresent(
              pom -> {
                read.put(path, pom);
                pom.modules().forEach(m -> add(open, path, m));
                pom.parentPath().ifPresent(p -> add(open, path, p));
              });
    }
    return new Reactor(withParents(read));
  }

  /** Adds a POM, or that of a directory, which either may be meant. */
  private static void add(ArrayDeque<Path> open, Path from, String name) {
    sibling(from, name)
        .ifPresent(
            path -> {
              open.add(path);
              open.add(path.resolve(NAME).normalize());
            });
  }

  private static Optional<Path> sibling(Path from, String name) {
    try {
      var path = Path.of(name);
      // A name with a line break could not be listed by lines; no real project has one.
      return path.isAbsolute() || name.chars().anyMatch(c -> c < ' ')
          ? Optional.empty()
          : Optional.of(from.resolveSibling(path).normalize());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static Map<Path, Pom> withParents(Map<Path, Pom> read) {
    var done = new LinkedHashMap<Path, Pom>();
    read.keySet().forEach(path -> done.put(path, withParents(path, read, new HashSet<>())));
    return done;
  }

  private static Pom withParents(Path path, Map<Path, Pom> read, Set<Path> children) {
    var pom = read.get(path);
    if (pom == null) {
      throw new IllegalStateException("Not read: " + path);
    }
    children.add(path);
    return pom.parentPath().flatMap(p -> sibling(path, p)).stream()
        .flatMap(p -> Stream.of(p, p.resolve(NAME)))
        .filter(p -> read.containsKey(p) && !children.contains(p))
        .findFirst()
        .map(p -> pom.inheriting(withParents(p, read, children)))
        .orElse(pom);
  }

  /** Returns the POM of the project itself; empty if it says nothing. */
  Optional<Pom> root() {
    return Optional.ofNullable(poms.get(Path.of(NAME)));
  }

  /** Returns all POMs by their paths, relative to the project. */
  Map<Path, Pom> poms() {
    return poms;
  }

  /** Returns the files that decide what Maven needs, as paths in the project's directory. */
  List<String> keyFiles(Checkout checkout) {
    var files = new ArrayList<String>();
    files.add(NAME);
    poms.keySet().stream().map(Path::toString).filter(p -> !p.equals(NAME)).forEach(files::add);
    files.addAll(
        checkout.files(
            ".mvn/extensions.xml", ".mvn/maven.config", ".mvn/jvm.config", NeededMaven.WRAPPER));
    return files;
  }

  /** Returns whether an artifact is one of its own, which no repository needs to have. */
  boolean makes(MavenArtifact artifact) {
    return own.contains(artifact.key());
  }
}

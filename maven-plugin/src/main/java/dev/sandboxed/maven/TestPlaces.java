package dev.sandboxed.maven;

import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.Finding.Level;
import dev.sandboxed.maven.report.Finding.Place;
import dev.sandboxed.maven.report.TestCase;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Finds where in the checkout a test broke, by what it says of itself. It may lie: a place is one
 * only if there is a regular file, and no link leads to it.
 */
final class TestPlaces {
  private static final int MAX_LINES = 200;
  private static final int MAX_LINE = 1_000;
  private static final int MAX_TRIES = 50;

  /** A frame of a JVM's stack trace: a class, a method, and a file. */
  private static final Pattern FRAME =
      Pattern.compile(
          "\\bat (?:[^\\s()]{0,200}/)?([\\w.$]{1,300})\\.[^.\\s()]{1,200}"
              + "\\((\\w{1,200}\\.(?:java|kt|groovy|scala)):(\\d{1,7})\\)");

  private static final Pattern PYTHON_FRAME =
      Pattern.compile("File \"([^\"]{1,500})\", line (\\d{1,7})");

  /** A file and a line, as most tools write them. */
  private static final Pattern FILE_AND_LINE =
      Pattern.compile("(?<![\\w./@+-])([\\w./@+-]{1,300}\\.[A-Za-z]{1,5}):(\\d{1,7})\\b");

  private static final List<String> SOURCES =
      List.of("src/test/java", "src/test/kotlin", "src/test/groovy", "src/test/scala");

  private final Path directory;
  private final Path workdir;

  TestPlaces(Path directory, Path workdir) {
    this.directory = directory;
    this.workdir = workdir;
  }

  Finding finding(TestCase test) {
    return new Finding(Finding.TESTS, test.displayName(), Level.ERROR, test.message(), place(test));
  }

  private Optional<Place> place(TestCase test) {
    var lines =
        test.detail()
            .lines()
            .limit(MAX_LINES)
            .map(line -> line.length() > MAX_LINE ? line.substring(0, MAX_LINE) : line)
            .toList();
    // The innermost frame of the checkout: a JVM names it first, Python last.
    return first(lines, FRAME, f -> jvm(f.group(1), f.group(2), f.group(3)))
        .or(() -> last(lines, f -> file(f.group(1), f.group(2))))
        .or(() -> first(lines, FILE_AND_LINE, f -> beside(test, f.group(1), f.group(2))));
  }

  /** Says of what was matched where it is, if it is anywhere. */
  @FunctionalInterface
  private interface Finder {
    Optional<Place> find(MatchResult match);
  }

  private static Optional<Place> first(List<String> lines, Pattern pattern, Finder finder) {
    return lines.stream()
        .flatMap(line -> pattern.matcher(line).results())
        .limit(MAX_TRIES)
        .flatMap(match -> finder.find(match).stream())
        .findFirst();
  }

  private static Optional<Place> last(List<String> lines, Finder finder) {
    return lines.stream()
        .flatMap(line -> PYTHON_FRAME.matcher(line).results())
        .limit(MAX_TRIES)
        .flatMap(match -> finder.find(match).stream())
        .reduce((before, after) -> after);
  }

  private Optional<Place> jvm(String className, String file, String line) {
    var dot = className.lastIndexOf('.');
    var packageName = dot < 0 ? "" : className.substring(0, dot).replace('.', '/') + "/";
    return SOURCES.stream()
        .flatMap(sources -> file(sources + "/" + packageName + file, line).stream())
        .findFirst();
  }

  /** Tools name files as seen from the project, and Go as seen from the package of the test. */
  private Optional<Place> beside(TestCase test, String file, String line) {
    var found = file(file, line);
    var parts = List.of(test.className().split("/"));
    for (var i = 1; found.isEmpty() && i < Math.min(parts.size(), 20); i++) {
      found = file(String.join("/", parts.subList(i, parts.size())) + "/" + file, line);
    }
    return found;
  }

  private Optional<Place> file(String name, String line) {
    Path inside;
    try {
      inside = Path.of(Layout.CHECKOUT).resolve(workdir).resolve(name).normalize();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
    if (!inside.startsWith(Layout.CHECKOUT) || inside.getNameCount() < 2) {
      return Optional.empty();
    }
    var path = Path.of(Layout.CHECKOUT).relativize(inside);
    var names = new ArrayList<String>();
    var file = directory;
    for (var part : path) {
      file = file.resolve(part);
      names.add(part.toString());
      if (Files.isSymbolicLink(file)) {
        return Optional.empty();
      }
    }
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        ? Optional.of(new Place(String.join("/", names), Integer.parseInt(line)))
        : Optional.empty();
  }
}

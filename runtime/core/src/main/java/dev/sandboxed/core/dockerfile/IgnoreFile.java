package dev.sandboxed.core.dockerfile;

import dev.sandboxed.core.tree.PathPattern;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Which files of a context do not count: the lines of its {@code .dockerignore}, the last that
 * matches decides.
 *
 * @see <a href="https://docs.docker.com/build/concepts/context/#dockerignore-files">.dockerignore
 *     files</a>
 */
final class IgnoreFile {
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_RULES = 5000;

  private final List<Rule> rules;

  private record Rule(PathPattern pattern, boolean excludes) {}

  private IgnoreFile(List<Rule> rules) {
    this.rules = rules;
  }

  /** Reads the one that belongs to a Dockerfile, or else to its context. */
  static IgnoreFile of(Path dockerfile, Path context) throws IOException {
    var own = dockerfile.resolveSibling(dockerfile.getFileName() + ".dockerignore");
    for (var file : List.of(own, context.resolve(".dockerignore"))) {
      if (Files.isRegularFile(file)) {
        return parse(file.toString(), BoundedFile.read(file, MAX_BYTES));
      }
    }
    return new IgnoreFile(List.of());
  }

  static IgnoreFile parse(String file, byte[] bytes) {
    var rules = new ArrayList<Rule>();
    var number = 0;
    for (var line : new String(bytes, StandardCharsets.UTF_8).split("\r?\n")) {
      number++;
      var text = number == 1 && line.startsWith("\ufeff") ? line.substring(1) : line;
      if (text.startsWith("#")) {
        continue;
      }
      text = text.strip();
      var excludes = !text.startsWith("!");
      text = excludes ? text : text.substring(1).strip();
      if (text.isEmpty()) {
        continue;
      }
      if (rules.size() == MAX_RULES) {
        throw DockerfileException.at(
            file, number, "", "more than %,d lines: refused".formatted(MAX_RULES));
      }
      try {
        var pattern = PathPattern.of(normalized(text));
        if (!pattern.names().isEmpty()) {
          rules.add(new Rule(pattern, excludes));
        }
      } catch (TreeException e) {
        throw DockerfileException.at(file, number, "", String.valueOf(e.getMessage()));
      }
    }
    return new IgnoreFile(List.copyOf(rules));
  }

  /** Resolves names that climb up, as far as there is something to climb from. */
  private static String normalized(String text) {
    var names = new ArrayList<String>();
    for (var name : text.split("/")) {
      if (!name.equals("..")) {
        names.add(name);
      } else if (!names.isEmpty()) {
        names.remove(names.size() - 1);
      }
    }
    return String.join("/", names);
  }

  /** Tells whether a path below the context does not count. */
  boolean excludes(List<String> path) {
    var excluded = false;
    for (var rule : rules) {
      if (rule.excludes() != excluded && matchesOrParent(rule.pattern(), path)) {
        excluded = rule.excludes();
      }
    }
    return excluded;
  }

  boolean hasRules() {
    return !rules.isEmpty();
  }

  /** Tells whether something below an excluded directory may count nevertheless. */
  boolean hasExceptions() {
    return rules.stream().anyMatch(r -> !r.excludes());
  }

  private static boolean matchesOrParent(PathPattern pattern, List<String> path) {
    for (int i = 1; i <= path.size(); i++) {
      if (pattern.matches(path.subList(0, i))) {
        return true;
      }
    }
    return false;
  }
}

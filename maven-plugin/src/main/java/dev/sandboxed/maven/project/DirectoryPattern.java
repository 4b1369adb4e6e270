package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A pattern by which a manifest names directories of its project, such as {@code packages/*}. What
 * begins with a dot, and what package managers fill, no wildcard means.
 */
final class DirectoryPattern {
  private static final int MAX_PARTS = 16;
  private static final int MAX_LENGTH = 300;

  /** How many directories are looked at, whatever a pattern means. */
  private static final int MAX_VISITED = 5_000;

  private static final String ANY_DEPTH = "**";
  private static final Set<String> FILLED = Set.of("node_modules", "target");

  private final Checkout checkout;
  private final Set<String> found = new LinkedHashSet<>();
  private int visited;

  private DirectoryPattern(Checkout checkout) {
    this.checkout = checkout;
  }

  /**
   * Returns the directories that patterns mean, as paths in the project, which may be empty for the
   * project itself; links lead nowhere.
   *
   * @param patterns may be hostile; those that begin with an exclamation mark, and those that lead
   *     outside, mean nothing
   */
  static List<String> find(Checkout checkout, List<String> patterns) {
    var search = new DirectoryPattern(checkout);
    for (var pattern : patterns) {
      var parts =
          Stream.of(pattern.split("/", -1)).filter(p -> !p.isEmpty() && !p.equals(".")).toList();
      if (pattern.length() <= MAX_LENGTH
          && parts.size() <= MAX_PARTS
          && !pattern.startsWith("!")
          && !pattern.startsWith("/")
          && !parts.contains("..")) {
        search.find("", parts);
      }
    }
    return List.copyOf(search.found);
  }

  private void find(String directory, List<String> parts) {
    if (visited++ >= MAX_VISITED) {
      return;
    }
    if (parts.isEmpty()) {
      found.add(directory);
      return;
    }
    var part = parts.get(0);
    var rest = parts.subList(1, parts.size());
    if (part.equals(ANY_DEPTH)) {
      find(directory, rest);
      for (var name : children(directory)) {
        find(CheckoutPath.join(directory, name), depth(directory) < MAX_PARTS ? parts : rest);
      }
    } else if (isWildcard(part)) {
      for (var name : children(directory)) {
        if (matches(part, name)) {
          find(CheckoutPath.join(directory, name), rest);
        }
      }
    } else if (checkout.hasDirectory(CheckoutPath.join(directory, part))) {
      find(CheckoutPath.join(directory, part), rest);
    }
  }

  private List<String> children(String directory) {
    var children = new ArrayList<>(checkout.directoriesIn(directory));
    children.removeIf(name -> name.startsWith(".") || FILLED.contains(name));
    return children;
  }

  private static int depth(String directory) {
    return (int) directory.chars().filter(c -> c == '/').count();
  }

  private static boolean isWildcard(String part) {
    return part.indexOf('*') >= 0 || part.indexOf('?') >= 0;
  }

  /**
   * Goes back to the last star only, so that it takes no longer than the product of the lengths.
   */
  private static boolean matches(String pattern, String name) {
    var p = 0;
    var n = 0;
    var star = -1;
    var afterStar = 0;
    while (n < name.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        afterStar = n;
      } else if (p < pattern.length()
          && (pattern.charAt(p) == '?' || pattern.charAt(p) == name.charAt(n))) {
        p++;
        n++;
      } else if (star >= 0) {
        p = star + 1;
        n = ++afterStar;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}

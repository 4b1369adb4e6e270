package dev.sandboxed.core.tree;

import java.util.ArrayList;
import java.util.List;

/**
 * A pattern of paths: {@code *} and {@code ?} stand for what is within one name, {@code [a-z]} and
 * {@code [^a-z]} for a character, and a name {@code **} for any number of names. The time to match
 * grows with the product of the lengths at most, whatever the pattern.
 */
public final class PathPattern {
  private final List<String> names;

  private PathPattern(List<String> names) {
    this.names = names;
  }

  /**
   * Parses a pattern.
   *
   * @param text names between slashes; empty ones and {@code .} have no meaning
   * @throws TreeException if a bracket has no end
   */
  public static PathPattern of(String text) throws TreeException {
    var names = new ArrayList<String>();
    for (var name : text.split("/")) {
      if (!name.isEmpty() && !name.equals(".")) {
        check(name);
        names.add(name);
      }
    }
    return new PathPattern(List.copyOf(names));
  }

  /** Returns the names that the pattern has, in order. */
  public List<String> names() {
    return names;
  }

  /** Tells whether a name stands for others, or holds a backslash. */
  public static boolean isPattern(String name) {
    return name.indexOf('*') >= 0
        || name.indexOf('?') >= 0
        || name.indexOf('[') >= 0
        || name.indexOf('\\') >= 0;
  }

  private static void check(String name) throws TreeException {
    for (int i = 0; i < name.length(); i = after(name, i)) {
      if (name.charAt(i) == '[' && after(name, i) < 0) {
        throw new TreeException(
            "the pattern \"%s\" has a [ without its ]".formatted(ByteStrings.display(name)));
      }
    }
  }

  /** Tells whether a path matches from its beginning to its end. */
  public boolean matches(List<String> path) {
    // reached[i]: the first i names of the pattern match the names of the path so far.
    var reached = new boolean[names.size() + 1];
    reached[0] = true;
    skipAny(reached);
    for (var name : path) {
      var further = new boolean[names.size() + 1];
      for (int i = 0; i < names.size(); i++) {
        if (reached[i] && names.get(i).equals("**")) {
          further[i] = true;
        } else if (reached[i] && matches(names.get(i), name)) {
          further[i + 1] = true;
        }
      }
      reached = further;
      skipAny(reached);
    }
    return reached[names.size()];
  }

  private void skipAny(boolean[] reached) {
    for (int i = 0; i < names.size(); i++) {
      if (reached[i] && names.get(i).equals("**")) {
        reached[i + 1] = true;
      }
    }
  }

  /** Tells whether a name matches a pattern of names. */
  public static boolean matches(String pattern, String name) {
    var p = 0;
    var n = 0;
    var star = -1;
    var mark = 0;
    while (n < name.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = ++p;
        mark = n;
      } else if (p < pattern.length() && matchesOne(pattern, p, name.charAt(n))) {
        p = after(pattern, p);
        n++;
      } else if (star >= 0) {
        p = star;
        n = ++mark;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }

  private static boolean matchesOne(String pattern, int at, char c) {
    var p = pattern.charAt(at);
    if (p == '?') {
      return true;
    }
    if (p == '\\' && at + 1 < pattern.length()) {
      return pattern.charAt(at + 1) == c;
    }
    if (p != '[') {
      return p == c;
    }
    var i = at + 1;
    var negated = pattern.charAt(i) == '^';
    if (negated) {
      i++;
    }
    var found = false;
    for (var end = after(pattern, at) - 1; i < end; i++) {
      if (pattern.charAt(i) == '\\') {
        i++;
      }
      var low = pattern.charAt(i);
      var high = low;
      if (i + 2 < end && pattern.charAt(i + 1) == '-') {
        i += 2;
        if (pattern.charAt(i) == '\\' && i + 1 < end) {
          i++;
        }
        high = pattern.charAt(i);
      }
      found |= low <= c && c <= high;
    }
    return found != negated;
  }

  /** Returns where the part of a pattern that begins somewhere ends; -1 if it does not. */
  private static int after(String pattern, int at) {
    var p = pattern.charAt(at);
    if (p == '\\') {
      return Math.min(at + 2, pattern.length());
    }
    if (p != '[') {
      return at + 1;
    }
    var i = at + 1;
    if (i < pattern.length() && pattern.charAt(i) == '^') {
      i++;
    }
    for (var first = true; i < pattern.length(); i++, first = false) {
      var c = pattern.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == ']' && !first) {
        return i + 1;
      }
    }
    return -1;
  }
}

package dev.sandboxed.core.tree;

import java.util.ArrayList;
import java.util.List;

/** Turns names out of archives into checked paths. */
final class EntryPaths {
  /** Limits of Linux: bytes in a name and in a path. */
  static final int MAX_NAME = 255;

  static final int MAX_PATH = 4096;
  static final int MAX_DEPTH = 1024;

  private EntryPaths() {}

  /**
   * Splits a path as found in an archive. An absolute one is taken from the root of the tree, as
   * tar does; one that climbs up is refused.
   */
  static List<String> components(String name) throws TreeException {
    if (name.length() > MAX_PATH) {
      throw refuse(name, "is longer than " + MAX_PATH + " bytes");
    }
    if (name.indexOf('\0') >= 0) {
      throw refuse(name, "holds a NUL byte");
    }
    var components = new ArrayList<String>();
    int start = 0;
    while (start <= name.length()) {
      int slash = name.indexOf('/', start);
      int end = slash < 0 ? name.length() : slash;
      String part = name.substring(start, end);
      start = end + 1;
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (part.equals("..")) {
        throw refuse(name, "climbs up with '..'");
      }
      if (part.length() > MAX_NAME) {
        throw refuse(name, "has a name longer than " + MAX_NAME + " bytes");
      }
      components.add(part);
    }
    if (components.size() > MAX_DEPTH) {
      throw refuse(name, "is nested deeper than " + MAX_DEPTH + " directories");
    }
    return components;
  }

  private static TreeException refuse(String name, String why) {
    return new TreeException("The path '" + ByteStrings.display(name) + "' " + why + ": refused.");
  }
}

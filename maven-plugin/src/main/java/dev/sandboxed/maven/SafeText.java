package dev.sandboxed.maven;

import java.util.regex.Pattern;

/**
 * Makes lines from inside a sandbox harmless to print: a terminal and a CI server act on some of
 * what they are shown.
 */
final class SafeText {
  static final int MAX_LINE = 4_000;
  private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]{0,40}m");

  /** Commands of CI servers: {@code ##vso[…]}, {@code ##teamcity[…]}, {@code ##[…]}. */
  private static final Pattern HASH_COMMAND = Pattern.compile("##(?=[A-Za-z]*\\[)");

  /** Commands of CI servers that begin a line, blanks of any script aside: {@code ::warning::…}. */
  private static final Pattern COLON_COMMAND = Pattern.compile("^([\\s\\p{Z}]*):(?=:)");

  private SafeText() {}

  /** Returns a line without colours, with everything else visible that a terminal would act on. */
  static String line(String line) {
    var text = line.length() > MAX_LINE ? line.substring(0, MAX_LINE) + "…" : line;
    var plain = COLOUR.matcher(text).replaceAll("");
    var safe = new StringBuilder(plain.length());
    plain.codePoints().forEach(c -> append(c, safe));
    var noHash = HASH_COMMAND.matcher(safe).replaceAll("# #");
    return COLON_COMMAND.matcher(noHash).replaceFirst("$1: ");
  }

  private static void append(int c, StringBuilder safe) {
    if (c == '\t' || !(Character.isISOControl(c) || separatesOrTurns(c))) {
      safe.appendCodePoint(c);
    } else if (c == '\n') {
      safe.append(' ');
    } else if (c != '\r') {
      safe.append("\\u%04x".formatted(c));
    }
  }

  /**
   * Line and paragraph separators, and what is not seen itself, such as what turns the direction of
   * text; but what only joins or hyphenates letters is a part of them.
   */
  private static boolean separatesOrTurns(int c) {
    return switch (Character.getType(c)) {
      case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> true;
      case Character.FORMAT -> c != 0xad && c != 0x200c && c != 0x200d;
      default -> false;
    };
  }
}

package dev.sandboxed.core.buildtools;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads string literals as Python's {@code repr} writes them. */
final class PythonText {
  private static final Pattern LITERAL = Pattern.compile("(?s)(['\"])(.*)\\1");

  /** One character, or one way to write one. */
  private static final Pattern CHARACTER =
      Pattern.compile(
          "(?s)\\G(?:([^\\\\])|\\\\([nrt\\\\'\"])"
              + "|\\\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})))");

  private PythonText() {}

  /** Returns the string; empty if the text is not one whole literal. */
  static Optional<String> read(String literal) {
    var whole = LITERAL.matcher(literal);
    if (!whole.matches()) {
      return Optional.empty();
    }
    var quote = whole.group(1);
    var inside = whole.group(2);
    var text = new StringBuilder();
    var character = CHARACTER.matcher(inside);
    var end = 0;
    while (character.find()) {
      var decoded = decode(character);
      if (quote.equals(character.group(1)) || decoded > Character.MAX_CODE_POINT) {
        return Optional.empty();
      }
      text.appendCodePoint((int) decoded);
      end = character.end();
    }
    return end == inside.length() ? Optional.of(text.toString()) : Optional.empty();
  }

  private static long decode(Matcher character) {
    if (character.group(1) != null) {
      return character.group(1).codePointAt(0);
    }
    var escape = character.group(2);
    if (escape != null) {
      return switch (escape) {
        case "n" -> '\n';
        case "r" -> '\r';
        case "t" -> '\t';
        default -> escape.charAt(0);
      };
    }
    for (var group = 3; group < 5; group++) {
      if (character.group(group) != null) {
        return Long.parseLong(character.group(group), 16);
      }
    }
    return Long.parseLong(character.group(5), 16);
  }
}

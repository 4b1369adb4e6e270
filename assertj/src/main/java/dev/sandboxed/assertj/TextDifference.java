package dev.sandboxed.assertj;

/**
 * Two texts that differ, as they are shown.
 *
 * @param actual what there is, around the first difference
 * @param expected what there should be, around the first difference
 * @param place where they differ first, for people
 */
record TextDifference(String actual, String expected, String place) {

  static TextDifference of(String actual, String expected, SafeRepresentation representation) {
    var shownActual = representation.text(actual);
    var shownExpected = representation.text(expected);
    if (shownActual.equals(shownExpected)) {
      return new TextDifference(
          SafeRepresentation.excerpt(shownActual, 0),
          SafeRepresentation.excerpt(shownExpected, 0),
          "They differ in a secret only, which is not shown");
    }
    var at = first(shownActual, shownExpected);
    var line = 1 + shownActual.substring(0, at).chars().filter(c -> c == '\n').count();
    var column = at - shownActual.lastIndexOf('\n', at - 1);
    return new TextDifference(
        SafeRepresentation.excerpt(shownActual, at),
        SafeRepresentation.excerpt(shownExpected, at),
        "They differ first in line %,d, column %,d".formatted(line, column));
  }

  private static int first(String one, String other) {
    var at = 0;
    while (at < one.length() && at < other.length() && one.charAt(at) == other.charAt(at)) {
      at++;
    }
    return at;
  }
}

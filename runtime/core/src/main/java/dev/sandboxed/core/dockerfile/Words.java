package dev.sandboxed.core.dockerfile;

import java.util.ArrayList;
import java.util.List;

/** Divides lines into words at white space outside of quotes; quotes stay. */
final class Words {
  private Words() {}

  /** Returns the words; a quote without its end goes on to the end of the line. */
  static List<String> of(String line, char escape) {
    var words = new ArrayList<String>();
    for (var at = skipSpace(line, 0); at < line.length(); ) {
      var end = end(line, at, escape);
      words.add(line.substring(at, end));
      at = skipSpace(line, end);
    }
    return words;
  }

  static int skipSpace(String line, int from) {
    var at = from;
    while (at < line.length() && isSpace(line.charAt(at))) {
      at++;
    }
    return at;
  }

  /** Returns where the word that begins somewhere ends. */
  static int end(String line, int from, char escape) {
    var quote = '\0';
    var at = from;
    for (; at < line.length(); at++) {
      var c = line.charAt(at);
      if (c == escape && quote != '\'') {
        at++;
      } else if (quote != '\0') {
        quote = c == quote ? '\0' : quote;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (isSpace(c)) {
        return at;
      }
    }
    return Math.min(at, line.length());
  }

  static boolean isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\u000b';
  }
}

package dev.sandboxed.core.dockerfile;

import java.util.Optional;
import java.util.function.Function;

/**
 * Puts the values of variables in their places, and removes quotes: {@code $name}, {@code ${name}},
 * and {@code :-}, {@code :+}, {@code :?} with a further word, each also without the colon.
 *
 * @see <a href="https://docs.docker.com/reference/dockerfile/#environment-replacement">Environment
 *     replacement</a>
 */
final class Substitution {
  /** The longest text that may come out, in characters. */
  static final int MAX_RESULT = 64 << 10;

  private static final int MAX_DEPTH = 16;

  private final String text;
  private final char escape;
  private final boolean keepsQuotes;
  private final Function<String, Optional<String>> variables;
  private final Budget budget;
  private final int depth;
  private int at;

  /** What all parts of a text may come to together. */
  private static final class Budget {
    private int left = MAX_RESULT;

    void spend(int characters) {
      left -= characters;
      if (left < 0) {
        throw new Malformed("it comes to more than %,d characters".formatted(MAX_RESULT));
      }
    }
  }

  /** Says what is wrong with a text; the instruction's name and line are to be added. */
  static final class Malformed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Malformed(String why) {
      super(why, null, false, false);
    }

    String why() {
      return String.valueOf(getMessage());
    }
  }

  private Substitution(
      String text,
      char escape,
      boolean keepsQuotes,
      Function<String, Optional<String>> variables,
      Budget budget,
      int depth) {
    this.text = text;
    this.escape = escape;
    this.keepsQuotes = keepsQuotes;
    this.variables = variables;
    this.budget = budget;
    this.depth = depth;
  }

  /** Returns a word without its quotes, with the values of variables. */
  static String word(String text, char escape, Function<String, Optional<String>> variables) {
    return new Substitution(text, escape, false, variables, new Budget(), 0).all();
  }

  /** Returns a here-document with the values of variables; quotes mean nothing in it. */
  static String document(String text, char escape, Function<String, Optional<String>> variables) {
    return new Substitution(text, escape, true, variables, new Budget(), 0).all();
  }

  private String all() {
    var out = new StringBuilder();
    while (at < text.length()) {
      next(out, false);
    }
    return out.toString();
  }

  private void next(StringBuilder out, boolean inDoubleQuotes) {
    var c = text.charAt(at++);
    if (c == '$') {
      append(out, variable());
    } else if (c == escape) {
      escaped(out, inDoubleQuotes);
    } else if (c == '\'' && !keepsQuotes && !inDoubleQuotes) {
      var end = text.indexOf('\'', at);
      if (end < 0) {
        throw new Malformed("a quote ' has no end");
      }
      append(out, text.substring(at, end));
      at = end + 1;
    } else if (c == '"' && !keepsQuotes && !inDoubleQuotes) {
      while (at < text.length() && text.charAt(at) != '"') {
        next(out, true);
      }
      if (at == text.length()) {
        throw new Malformed("a quote \" has no end");
      }
      at++;
    } else {
      append(out, String.valueOf(c));
    }
  }

  private void escaped(StringBuilder out, boolean inDoubleQuotes) {
    if (at == text.length()) {
      append(out, String.valueOf(escape));
      return;
    }
    var c = text.charAt(at++);
    var special = c == '$' || c == escape || (c == '"' && !keepsQuotes);
    if (!special && (inDoubleQuotes || keepsQuotes)) {
      append(out, String.valueOf(escape));
    }
    append(out, String.valueOf(c));
  }

  private void append(StringBuilder out, String part) {
    budget.spend(part.length());
    out.append(part);
  }

  /** Returns the value of what follows a dollar sign. */
  private String variable() {
    if (at < text.length() && text.charAt(at) == '{') {
      at++;
      return braced();
    }
    var name = name();
    return name.isEmpty() ? "$" : variables.apply(name).orElse("");
  }

  private String name() {
    var start = at;
    while (at < text.length() && isNamePart(text.charAt(at), at == start)) {
      at++;
    }
    return text.substring(start, at);
  }

  static boolean isNamePart(char c, boolean first) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || c == '_'
        || (!first && c >= '0' && c <= '9');
  }

  private String braced() {
    var start = at - 2;
    var name = name();
    if (name.isEmpty() || at == text.length()) {
      throw new Malformed(
          "\"%s\" is no variable; write ${name}"
              .formatted(DockerfileException.shown(text.substring(start))));
    }
    var value = variables.apply(name);
    var c = text.charAt(at++);
    if (c == '}') {
      return value.orElse("");
    }
    var colon = c == ':';
    if (colon) {
      c = at < text.length() ? text.charAt(at++) : '\0';
    }
    if (c != '-' && c != '+' && c != '?') {
      throw new Malformed(
          "${%s%s%s…} is not supported; possible are :-, :+ and :?"
              .formatted(
                  name, colon ? ":" : "", c == '\0' ? "" : DockerfileException.shown("" + c)));
    }
    var otherwise = new Substitution(operand(), escape, keepsQuotes, variables, budget, depth + 1);
    var isSet = value.isPresent() && !(colon && value.get().isEmpty());
    return switch (c) {
      case '-' -> isSet ? value.orElse("") : otherwise.all();
      case '+' -> isSet ? otherwise.all() : "";
      default -> {
        if (!isSet) {
          throw new Malformed(
              "%s is not set: %s".formatted(name, DockerfileException.shown(otherwise.all())));
        }
        yield value.orElse("");
      }
    };
  }

  /** Returns the text up to the brace that closes this one, and goes behind it. */
  private String operand() {
    if (depth == MAX_DEPTH) {
      throw new Malformed("variables are nested deeper than " + MAX_DEPTH);
    }
    var start = at;
    var open = 1;
    for (; at < text.length(); at++) {
      var c = text.charAt(at);
      if (c == escape) {
        at++;
      } else if (c == '$' && at + 1 < text.length() && text.charAt(at + 1) == '{') {
        open++;
        at++;
      } else if (c == '}' && --open == 0) {
        return text.substring(start, at++);
      }
    }
    throw new Malformed("\"${\" has no end; write }");
  }
}

package dev.sandboxed.junit.inside.jvm;

import java.util.Collection;
import java.util.Map;

/** Writes JSON in ASCII, whatever halves of characters a test's strings have. */
final class JsonText {
  private static final int FIRST_PRINTABLE = 0x20;
  private static final int LAST_PRINTABLE = 0x7e;

  private JsonText() {}

  /** Returns the text of strings, booleans, numbers, maps and collections of them. */
  static String of(Object value) {
    var text = new StringBuilder();
    write(text, value);
    return text.toString();
  }

  private static void write(StringBuilder to, Object value) {
    if (value instanceof Map<?, ?> map) {
      to.append('{');
      var separator = "";
      for (var entry : map.entrySet()) {
        to.append(separator);
        string(to, String.valueOf(entry.getKey()));
        to.append(':');
        write(to, entry.getValue());
        separator = ",";
      }
      to.append('}');
    } else if (value instanceof Collection<?> elements) {
      to.append('[');
      var separator = "";
      for (var element : elements) {
        to.append(separator);
        write(to, element);
        separator = ",";
      }
      to.append(']');
    } else if (value instanceof Number || value instanceof Boolean) {
      to.append(value);
    } else {
      string(to, String.valueOf(value));
    }
  }

  private static void string(StringBuilder to, String text) {
    to.append('"');
    for (var i = 0; i < text.length(); i++) {
      var c = text.charAt(i);
      if (c == '"' || c == '\\') {
        to.append('\\').append(c);
      } else if (c >= FIRST_PRINTABLE && c <= LAST_PRINTABLE) {
        to.append(c);
      } else {
        to.append("\\u");
        for (var shift = 12; shift >= 0; shift -= 4) {
          to.append(Character.forDigit((c >> shift) & 0xf, 16));
        }
      }
    }
    to.append('"');
  }
}

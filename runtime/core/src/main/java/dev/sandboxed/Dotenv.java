package dev.sandboxed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads dotenv files. What is wrong is said with file and line, and without a word of what stands
 * there: it may be the secret itself.
 */
final class Dotenv {
  private static final int MAX_BYTES = 1 << 20;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final String EXPORT = "export";

  private final String source;
  private final String text;
  private int at;
  private int line = 1;

  private Dotenv(String source, String text) {
    this.source = source;
    this.text = text;
  }

  /** Reads a file: its variables in their order. */
  static Map<String, String> read(Path file) {
    var source = file.toAbsolutePath().toString();
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw new InvalidSpecException(
          "The dotenv file %s cannot be read: %s"
              .formatted(
                  source, Files.exists(file) ? "this user may not" : "there is no such file"),
          e);
    }
    if (bytes.length > MAX_BYTES) {
      throw new InvalidSpecException(
          "The dotenv file %s is larger than 1 MiB; is it the right file?".formatted(source));
    }
    try {
      var decoder = StandardCharsets.UTF_8.newDecoder();
      return parse(source, decoder.decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      // Without the cause, which is of no use.
      throw new InvalidSpecException(
          "The dotenv file %s is not UTF-8 text; save it as UTF-8".formatted(source));
    }
  }

  /** Reads a text; the source stands for it in errors. */
  static Map<String, String> parse(String source, String text) {
    return new Dotenv(source, text.startsWith("\uFEFF") ? text.substring(1) : text).variables();
  }

  private Map<String, String> variables() {
    var values = new LinkedHashMap<String, String>();
    var lines = new LinkedHashMap<String, Integer>();
    for (skipEmpty(); at < text.length(); skipEmpty()) {
      var begin = line;
      var name = name();
      var value = value();
      var other = lines.put(name, begin);
      if (other != null) {
        throw wrong(begin, "sets %s, as line %d does; keep one of them".formatted(name, other));
      }
      values.put(name, value);
    }
    return values;
  }

  /** Goes on to the next line with something on it. */
  private void skipEmpty() {
    while (at < text.length()) {
      var c = text.charAt(at);
      if (c == '#') {
        skipLine();
      } else if (c == '\n') {
        line++;
        at++;
      } else if (isBlank(c) || c == '\r') {
        at++;
      } else {
        return;
      }
    }
  }

  private void skipLine() {
    var end = text.indexOf('\n', at);
    at = end < 0 ? text.length() : end;
  }

  private void skipBlanks() {
    while (at < text.length() && isBlank(text.charAt(at))) {
      at++;
    }
  }

  private String name() {
    var name = word();
    if (name.equals(EXPORT) && at < text.length() && isBlank(text.charAt(at))) {
      skipBlanks();
      if (at >= text.length() || text.charAt(at) != '=') {
        name = word();
      }
    }
    skipBlanks();
    if (at >= text.length() || text.charAt(at) != '=') {
      throw wrong(line, "is not of the form NAME=value");
    }
    if (!NAME.matcher(name).matches()) {
      throw wrong(
          line,
          "has no valid name before its '='; use letters, digits and '_', beginning with no digit");
    }
    at++;
    skipBlanks();
    return name;
  }

  private String word() {
    var begin = at;
    while (at < text.length()
        && !isBlank(text.charAt(at))
        && "=\r\n".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return text.substring(begin, at);
  }

  private String value() {
    var c = at < text.length() ? text.charAt(at) : '\n';
    if (c != '\'' && c != '"') {
      return plain();
    }
    var begin = line;
    at++;
    var value = quoted(c, begin);
    skipBlanks();
    if (at < text.length() && "#\r\n".indexOf(text.charAt(at)) < 0) {
      throw wrong(
          line,
          "goes on after the closing quote; escape quotes in the value as \\\", or remove it");
    }
    skipLine();
    return checked(value, begin);
  }

  /** Reads up to the end of the line, or to a comment. */
  private String plain() {
    var begin = at;
    skipLine();
    var value = text.substring(begin, at);
    for (var i = 0; i < value.length(); i++) {
      if (value.charAt(i) == '#' && (i == 0 || isBlank(value.charAt(i - 1)))) {
        value = value.substring(0, i);
      }
    }
    return checked(value.strip(), line);
  }

  private String quoted(char quote, int begin) {
    var value = new StringBuilder();
    while (at < text.length()) {
      var c = text.charAt(at++);
      if (c == quote) {
        return value.toString();
      }
      if (c == '\n') {
        line++;
      }
      if (c == '\\' && quote == '"' && at < text.length()) {
        value.append(escaped(text.charAt(at)));
        if (text.charAt(at++) == '\n') {
          line++;
        }
      } else if (c != '\r' || at >= text.length() || text.charAt(at) != '\n') {
        value.append(c);
      }
    }
    throw wrong(begin, "opens a quote that nothing closes");
  }

  private static String escaped(char c) {
    return switch (c) {
      case 'n' -> "\n";
      case 'r' -> "\r";
      case 't' -> "\t";
      case '"', '\\', '$' -> String.valueOf(c);
      default -> "\\" + c;
    };
  }

  private String checked(String value, int at) {
    if (value.indexOf('\0') >= 0) {
      throw wrong(at, "holds a NUL character, which no environment variable can");
    }
    return value;
  }

  private InvalidSpecException wrong(int line, String what) {
    return new InvalidSpecException(
        "The dotenv file %s is wrong: line %d %s".formatted(source, line, what));
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }
}

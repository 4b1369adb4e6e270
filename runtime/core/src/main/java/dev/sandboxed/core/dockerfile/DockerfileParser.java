package dev.sandboxed.core.dockerfile;

import dev.sandboxed.core.dockerfile.Instruction.HereDocument;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Divides a Dockerfile into instructions: directives, comments, continued lines, here-documents and
 * flags. What the instructions mean is not looked at.
 *
 * @see <a href="https://docs.docker.com/reference/dockerfile/">Dockerfile reference</a>
 */
final class DockerfileParser {
  /** The longest text that is taken, in characters. */
  static final int MAX_TEXT = 1 << 20;

  static final int MAX_INSTRUCTIONS = 5000;

  private static final int MAX_FLAGS = 50;
  private static final Pattern DIRECTIVE =
      Pattern.compile("#[ \\t]*([A-Za-z][A-Za-z0-9]*)[ \\t]*=[ \\t]*(.*?)[ \\t]*");
  private static final Pattern KEYWORD = Pattern.compile("[A-Za-z]+");
  private static final Pattern FLAG = Pattern.compile("--([a-z][a-z-]*)(?:=(.*))?", Pattern.DOTALL);
  private static final Pattern DOCUMENT = Pattern.compile("\\d*<<(-?)([^<]+)");

  private static final Set<String> DIRECTIVES = Set.of("syntax", "escape", "check");
  private static final Set<String> WITH_FLAGS = Set.of("FROM", "RUN", "COPY", "ADD", "HEALTHCHECK");
  private static final Set<String> WITH_DOCUMENTS = Set.of("RUN", "COPY", "ADD");

  private final String file;
  private final List<String> lines;
  private final List<Instruction> instructions = new ArrayList<>();
  private char escape = '\\';
  private int next;

  private DockerfileParser(String file, List<String> lines) {
    this.file = file;
    this.lines = lines;
  }

  /**
   * Parses a text.
   *
   * @param file its name, for messages
   * @throws DockerfileException if it is malformed or too long
   */
  static List<Instruction> parse(String file, String text) {
    if (text.length() > MAX_TEXT) {
      throw DockerfileException.of(
          file, "has more than %,d characters: refused".formatted(MAX_TEXT));
    }
    if (text.indexOf('\0') >= 0) {
      throw DockerfileException.of(file, "it holds a NUL character, as no text does");
    }
    var start = text.startsWith("\ufeff") ? text.substring(1) : text;
    var parser = new DockerfileParser(file, List.of(start.split("\r?\n", -1)));
    parser.directives();
    parser.instructions();
    return List.copyOf(parser.instructions);
  }

  private void directives() {
    var seen = new ArrayList<String>();
    for (; next < lines.size(); next++) {
      var matcher = DIRECTIVE.matcher(lines.get(next).strip());
      if (!matcher.matches()) {
        return;
      }
      var name = matcher.group(1).toLowerCase(Locale.ROOT);
      if (!DIRECTIVES.contains(name)) {
        return;
      }
      if (seen.contains(name)) {
        throw DockerfileException.at(
            file, next + 1, "", "the directive " + name + " stands there twice");
      }
      seen.add(name);
      if (name.equals("escape")) {
        if (!matcher.group(2).equals("\\") && !matcher.group(2).equals("`")) {
          throw DockerfileException.at(
              file,
              next + 1,
              "",
              "the directive escape has \"%s\"; it is \\ or `"
                  .formatted(DockerfileException.shown(matcher.group(2))));
        }
        escape = matcher.group(2).charAt(0);
      }
    }
  }

  private void instructions() {
    while (next < lines.size()) {
      var line = next + 1;
      if (isEmptyOrComment(lines.get(next))) {
        next++;
        continue;
      }
      if (instructions.size() == MAX_INSTRUCTIONS) {
        throw DockerfileException.at(
            file, line, "", "more than %,d instructions: refused".formatted(MAX_INSTRUCTIONS));
      }
      instructions.add(instruction(line, joined()));
    }
  }

  /** Returns a line with those that continue it. */
  private String joined() {
    var text = new StringBuilder();
    var continued = true;
    while (continued && next < lines.size()) {
      var line = lines.get(next++);
      if (isEmptyOrComment(line) && text.length() > 0) {
        continue;
      }
      var end = line.stripTrailing();
      continued = !end.isEmpty() && end.charAt(end.length() - 1) == escape;
      // Leading space is the reader's of the first line, and the shell's of the others.
      text.append(continued ? end.substring(0, end.length() - 1) : line);
    }
    return text.toString().strip();
  }

  private static boolean isEmptyOrComment(String line) {
    var start = line.stripLeading();
    return start.isEmpty() || start.startsWith("#");
  }

  private Instruction instruction(int line, String text) {
    var keywordEnd = 0;
    while (keywordEnd < text.length() && !Words.isSpace(text.charAt(keywordEnd))) {
      keywordEnd++;
    }
    var keyword = text.substring(0, keywordEnd).toUpperCase(Locale.ROOT);
    if (!KEYWORD.matcher(keyword).matches()) {
      throw DockerfileException.at(
          file,
          line,
          "",
          "\"%s\" is no instruction"
              .formatted(DockerfileException.shown(text.substring(0, keywordEnd))));
    }
    var at = Words.skipSpace(text, keywordEnd);
    Map<String, String> flags = new LinkedHashMap<>();
    while (WITH_FLAGS.contains(keyword) && text.startsWith("--", at)) {
      var end = Words.end(text, at, escape);
      var word = text.substring(at, end);
      at = Words.skipSpace(text, end);
      if (word.equals("--")) {
        break;
      }
      flag(line, keyword, word, flags);
    }
    var arguments = text.substring(at);
    return new Instruction(
        file,
        line,
        keyword,
        Map.copyOf(flags),
        arguments,
        WITH_DOCUMENTS.contains(keyword) ? documents(line, keyword, arguments) : List.of(),
        escape);
  }

  private void flag(int line, String keyword, String word, Map<String, String> flags) {
    var matcher = FLAG.matcher(word);
    if (!matcher.matches()) {
      throw DockerfileException.at(
          file,
          line,
          keyword,
          "the flag \"%s\" is malformed; write --name=value"
              .formatted(DockerfileException.shown(word)));
    }
    var value = matcher.group(2) == null ? "" : matcher.group(2);
    if (flags.putIfAbsent(matcher.group(1), value) != null) {
      throw DockerfileException.at(
          file,
          line,
          keyword,
          "the flag --%s stands there twice".formatted(DockerfileException.shown(word)));
    }
    if (flags.size() > MAX_FLAGS) {
      throw DockerfileException.at(file, line, keyword, "more than 50 flags: refused");
    }
  }

  private List<HereDocument> documents(int line, String keyword, String arguments) {
    if (arguments.startsWith("[") || !arguments.contains("<<")) {
      return List.of();
    }
    var documents = new ArrayList<HereDocument>();
    for (var word : Words.of(arguments, escape)) {
      var matcher = DOCUMENT.matcher(word);
      if (matcher.matches()) {
        var quoted = matcher.group(2);
        var name = quoted.replaceAll("[\"']", "").replace(String.valueOf(escape), "");
        if (!name.isEmpty()) {
          documents.add(
              new HereDocument(
                  word,
                  name,
                  !name.equals(quoted),
                  content(line, keyword, name, !matcher.group(1).isEmpty())));
        }
      }
    }
    return List.copyOf(documents);
  }

  private String content(int line, String keyword, String name, boolean withoutTabs) {
    var content = new StringBuilder();
    while (next < lines.size()) {
      var text = lines.get(next++);
      if (withoutTabs) {
        text = text.replaceFirst("^\t+", "");
      }
      if (text.equals(name)) {
        return content.toString();
      }
      content.append(text).append('\n');
    }
    throw DockerfileException.at(
        file,
        line,
        keyword,
        "the here-document has no end; write a line with only %s"
            .formatted(DockerfileException.shown(name)));
  }
}

package dev.sandboxed.core.buildtools;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One source of binary packages that is switched on: what a line of sources.list(5) says.
 *
 * @param uri where it is, as it stands there, credentials and all
 * @param suite such as {@code bookworm-updates}
 * @param components such as {@code main}
 * @param options by their names in small letters, such as {@code signed-by}
 */
record AptEntry(String uri, String suite, List<String> components, Map<String, String> options) {
  private static final int MAX_ENTRIES = 1_000;
  private static final Pattern LINE =
      Pattern.compile("deb\\s+(?:\\[([^]]*)]\\s*)?(\\S+)\\s+(\\S+)((?:\\s+\\S+)*+)");

  AptEntry {
    components = List.copyOf(components);
    options = Map.copyOf(options);
  }

  /**
   * Parses a file of sources. What is not understood is left out: apt itself says what is wrong
   * with it.
   *
   * @param name the file's name; its ending says which of the two forms it has
   */
  static List<AptEntry> parse(String name, String text) {
    var entries = name.endsWith(".sources") ? stanzas(text) : lines(text);
    return entries.subList(0, Math.min(entries.size(), MAX_ENTRIES));
  }

  /** Returns an option's value, or empty where it is not set. */
  Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name));
  }

  /** Returns what may be printed: not the URI, which may hold a password. */
  @Override
  public String toString() {
    return "%s %s".formatted(suite, String.join(" ", components));
  }

  private static List<AptEntry> lines(String text) {
    var entries = new ArrayList<AptEntry>();
    for (var line : text.lines().toList()) {
      var entry = LINE.matcher(line.replaceFirst("#.*", "").strip());
      if (entry.matches()) {
        var options = new HashMap<String, String>();
        for (var option : words(entry.group(1) == null ? "" : entry.group(1))) {
          var equals = option.indexOf('=');
          if (equals > 0) {
            options.put(
                option.substring(0, equals).toLowerCase(Locale.ROOT), option.substring(equals + 1));
          }
        }
        entries.add(new AptEntry(entry.group(2), entry.group(3), words(entry.group(4)), options));
      }
    }
    return entries;
  }

  private static List<AptEntry> stanzas(String text) {
    var entries = new ArrayList<AptEntry>();
    var fields = new HashMap<String, String>();
    var last = "";
    for (var line : text.lines().toList()) {
      var colon = line.indexOf(':');
      if (line.isBlank()) {
        add(entries, fields);
        fields.clear();
        last = "";
      } else if (Character.isWhitespace(line.charAt(0))) {
        fields.computeIfPresent(last, (field, value) -> value + "\n" + line.strip());
      } else if (line.charAt(0) != '#' && colon > 0) {
        last = line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
        fields.put(last, line.substring(colon + 1).strip());
      }
    }
    add(entries, fields);
    return entries;
  }

  private static void add(List<AptEntry> entries, Map<String, String> fields) {
    var enabled = fields.getOrDefault("enabled", "yes").toLowerCase(Locale.ROOT);
    if (!words(fields.getOrDefault("types", "")).contains("deb")
        || List.of("no", "false", "0", "off", "without", "disable").contains(enabled)) {
      return;
    }
    var components = words(fields.getOrDefault("components", ""));
    for (var uri : words(fields.getOrDefault("uris", ""))) {
      for (var suite : words(fields.getOrDefault("suites", ""))) {
        if (entries.size() < MAX_ENTRIES) {
          entries.add(new AptEntry(uri, suite, components, fields));
        }
      }
    }
  }

  private static List<String> words(String text) {
    var stripped = text.strip();
    return stripped.isEmpty() ? List.of() : List.of(stripped.split("\\s+"));
  }
}

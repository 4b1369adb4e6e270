package dev.sandboxed.core.buildtools;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Reads the proxies of apt's configuration, in both of its forms:
 *
 * <pre>
 * Acquire::http::Proxy "http://proxy.example.org:3128";
 * Acquire { https { Proxy "http://proxy.example.org:3128"; }; };
 * </pre>
 *
 * <p>The text is hostile: what is malformed is skipped.
 */
final class AptConfiguration {
  private static final int MAX_DEPTH = 16;

  /** Comments, texts in quotes, braces, ends of statements and words; each matched in one step. */
  private static final Pattern TOKEN =
      Pattern.compile(
          "//[^\\n]*+|#[^\\n]*+|/\\*(?s:.*?)(?:\\*/|\\z)|\"([^\"]*+)\"|([{};])|([^\\s{};\"]++)");

  /** One of all servers, or one of a single server. */
  private static final Pattern PROXY = Pattern.compile("acquire::https?::proxy(::[^:]+)?");

  private AptConfiguration() {}

  /**
   * One setting.
   *
   * @param name in small letters, such as {@code acquire::http::proxy}
   * @param value as it stands there
   */
  record Setting(String name, String value) {}

  static List<String> proxies(String text) {
    return settings(text, PROXY).stream().map(Setting::value).toList();
  }

  /** Returns the settings with certain names, in their order. */
  static List<Setting> settings(String text, Pattern names) {
    var settings = new ArrayList<Setting>();
    Deque<String> scopes = new ArrayDeque<>();
    var name = "";
    var tokens = TOKEN.matcher(text);
    while (tokens.find()) {
      if (tokens.group(1) != null) {
        add(settings, names, join(scopes, name), tokens.group(1));
      } else if (tokens.group(3) != null) {
        var word = tokens.group(3).toLowerCase(Locale.ROOT);
        if (name.isEmpty()) {
          name = word;
        } else {
          add(settings, names, join(scopes, name), tokens.group(3));
        }
      } else if (tokens.group(2) != null) {
        switch (tokens.group(2)) {
          case "{" -> {
            if (scopes.size() >= MAX_DEPTH) {
              return settings;
            }
            scopes.addLast(name);
          }
          case "}" -> scopes.pollLast();
          default -> {}
        }
        name = "";
      }
    }
    return settings;
  }

  private static void add(List<Setting> settings, Pattern names, String name, String value) {
    if (names.matcher(name).matches()) {
      settings.add(new Setting(name, value));
    }
  }

  private static String join(Deque<String> scopes, String name) {
    var all = new ArrayList<>(scopes);
    all.add(name);
    all.removeIf(String::isEmpty);
    return String.join("::", all);
  }
}

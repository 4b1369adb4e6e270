package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What Yarn says of its registries.
 *
 * @param classic whether it is version 1
 * @param registry the registry of packages without a scope; empty if it does not say
 * @param named whether the user has named it, and Yarn has not built it in
 * @param scopes registries of scopes, by their names without the at sign
 */
record YarnSettings(
    boolean classic, Optional<String> registry, boolean named, Map<String, String> scopes) {
  private static final Pattern SCOPE = Pattern.compile("[A-Za-z0-9._~-]{1,214}");
  private static final Pattern PLAIN_HTTP = Pattern.compile("http://([A-Za-z0-9.-]+).*");

  /** Copies the map. */
  YarnSettings {
    scopes = Map.copyOf(scopes);
  }

  /**
   * Reads what version 1 prints.
   *
   * @param registry the registry
   * @param without what it would be without files of configuration
   * @param variable the variable that sets it, if one does
   */
  static YarnSettings ofClassic(String registry, String without, Optional<String> variable) {
    return new YarnSettings(
        true,
        Optional.of(registry).filter(url -> url.startsWith("http")),
        variable.isPresent() || !registry.equals(without),
        Map.of());
  }

  /**
   * Reads what later versions print.
   *
   * @param settings each setting on a line, as JSON
   * @param scopes the settings of scopes, as JSON
   */
  static YarnSettings ofBerry(String settings, String scopes) {
    var registry =
        settings
            .lines()
            .filter(line -> line.startsWith("{") && line.contains("\"npmRegistryServer\""))
            .map(YarnSettings::json)
            .filter(setting -> setting.string("key").orElse("").equals("npmRegistryServer"))
            .findFirst();
    var servers = new LinkedHashMap<String, String>();
    var named = json(scopes.strip());
    for (var scope : named.names()) {
      if (SCOPE.matcher(scope).matches()) {
        named
            .object(scope)
            .flatMap(setting -> setting.string("npmRegistryServer"))
            .ifPresent(url -> servers.put(scope, url));
      }
    }
    return new YarnSettings(
        false,
        registry.flatMap(setting -> setting.string("effective")),
        registry.filter(s -> s.string("source").orElse("").equals("<default>")).isEmpty(),
        servers);
  }

  /** Returns where Yarn looks for settings inside, above every project. */
  String file() {
    return classic ? "/.yarnrc" : "/.yarnrc.yml";
  }

  /**
   * Returns a file of settings.
   *
   * @param registries URLs without credentials, by scope, which is empty for packages without one
   */
  String text(Map<String, String> registries) {
    var text = new StringBuilder();
    var registry = registries.get("");
    if (classic) {
      return registry == null ? "" : "registry " + quoted(registry) + "\n";
    }
    if (registry != null) {
      text.append("npmRegistryServer: ").append(quoted(registry)).append('\n');
    }
    var scopes = new TreeSet<>(registries.keySet());
    scopes.remove("");
    if (!scopes.isEmpty()) {
      text.append("npmScopes:\n");
      for (var scope : scopes) {
        text.append("  ").append(quoted(scope)).append(":\n    npmRegistryServer: ");
        text.append(quoted(registries.getOrDefault(scope, ""))).append('\n');
      }
    }
    // Whom the user asks without encryption, Yarn inside may ask so, too.
    var plain = new TreeSet<String>();
    for (var url : registries.values()) {
      var http = PLAIN_HTTP.matcher(url);
      if (http.matches()) {
        plain.add(http.group(1));
      }
    }
    if (!plain.isEmpty()) {
      text.append("unsafeHttpWhitelist:\n");
      plain.forEach(host -> text.append("  - ").append(quoted(host)).append('\n'));
    }
    return text.toString();
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static JsonObject json(String text) {
    try {
      return JsonObject.parse(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    } catch (ProtocolException e) {
      return JsonObject.of(Map.of());
    }
  }
}

package dev.sandboxed.core.buildtools;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * What Cargo's {@code config.toml} says about where crates come from.
 *
 * @param sources where crates come from, by name
 * @param registries the indexes of registries, by name
 * @param proxy the HTTP proxy
 * @param certificates the file of trusted certificates
 */
record CargoSettings(
    Map<String, Source> sources,
    Map<String, String> registries,
    Optional<String> proxy,
    Optional<String> certificates) {

  static final CargoSettings EMPTY =
      new CargoSettings(Map.of(), Map.of(), Optional.empty(), Optional.empty());

  /**
   * A source of crates.
   *
   * @param name its name
   * @param registry the index, if it is a registry on a server
   * @param replacedBy the source that is asked in its place
   */
  record Source(String name, Optional<String> registry, Optional<String> replacedBy) {}

  /**
   * Reads the file's text.
   *
   * @throws IOException if it is not TOML; the message holds nothing of the text
   */
  static CargoSettings parse(String toml, Path file) throws IOException {
    JsonNode root;
    try {
      root = new TomlMapper().readTree(toml);
    } catch (JacksonException e) {
      var where = e.getLocation();
      throw new IOException(
          "%s is not valid TOML (line %d); correct it"
              .formatted(file, where == null ? 0 : where.getLineNr()));
    }
    var sources = new LinkedHashMap<String, Source>();
    root.path("source")
        .properties()
        .forEach(
            entry ->
                sources.put(
                    entry.getKey(),
                    new Source(
                        entry.getKey(),
                        text(entry.getValue(), "registry"),
                        text(entry.getValue(), "replace-with"))));
    var registries = new LinkedHashMap<String, String>();
    root.path("registries")
        .properties()
        .forEach(
            entry ->
                text(entry.getValue(), "index")
                    .ifPresent(index -> registries.put(entry.getKey(), index)));
    return new CargoSettings(
        Collections.unmodifiableMap(sources),
        Collections.unmodifiableMap(registries),
        text(root.path("http"), "proxy"),
        text(root.path("http"), "cainfo"));
  }

  /** Returns what is asked in place of a source, if anything is. */
  Optional<Source> replacement(String name) {
    var seen = new HashSet<String>();
    var current = Optional.ofNullable(sources.get(name)).flatMap(Source::replacedBy);
    Optional<Source> last = Optional.empty();
    while (current.isPresent() && seen.add(current.get())) {
      var next = current.get();
      // A registry may stand in for a source of the same name.
      last =
          Optional.ofNullable(sources.get(next))
              .or(
                  () ->
                      Optional.ofNullable(registries.get(next))
                          .map(index -> new Source(next, Optional.of(index), Optional.empty())));
      current = last.flatMap(Source::replacedBy);
    }
    return last;
  }

  private static Optional<String> text(JsonNode table, String name) {
    var value = table.path(name);
    return value.isString() && !value.asString().isBlank()
        ? Optional.of(value.asString())
        : Optional.empty();
  }

  /** Writes such a file. */
  static final class Writer {
    /** TOML allows it in a text, and not every reader takes it there. */
    private static final char BYTE_ORDER_MARK = 0xfeff;

    private final Map<String, String> lines = new TreeMap<>();

    void replace(String source, String by) {
      lines.put("source.%s.replace-with".formatted(quoted(source)), quoted(by));
    }

    void source(String name, String registry) {
      lines.put("source.%s.registry".formatted(quoted(name)), quoted(registry));
    }

    void registry(String name, String index) {
      lines.put("registries.%s.index".formatted(quoted(name)), quoted(index));
    }

    boolean isEmpty() {
      return lines.isEmpty();
    }

    String text() {
      var text = new StringBuilder();
      lines.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
      return text.toString();
    }

    private static String quoted(String text) {
      var quoted = new StringBuilder("\"");
      for (var i = 0; i < text.length(); i++) {
        var c = text.charAt(i);
        if (c == '"' || c == '\\') {
          quoted.append('\\').append(c);
        } else if (c < ' ' || c == 0x7f || c == BYTE_ORDER_MARK) {
          quoted.append("\\u%04x".formatted((int) c));
        } else {
          quoted.append(c);
        }
      }
      return quoted.append('"').toString();
    }
  }
}

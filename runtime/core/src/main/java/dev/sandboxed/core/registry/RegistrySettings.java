package dev.sandboxed.core.registry;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.binaries.Settings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How registries are reached.
 *
 * @param defaultRegistry the host of references that name none
 * @param mirrors hosts to ask before a registry itself, by its host
 * @param insecure hosts that are spoken to by plain HTTP
 * @param authorities PEM files of authorities to trust besides Java's
 * @param refresh how old the look-up of a tag may be
 * @param patience how long a registry may be silent
 * @param dockerConfig the directory of Docker's configuration
 */
public record RegistrySettings(
    Optional<String> defaultRegistry,
    Map<String, List<String>> mirrors,
    Set<String> insecure,
    List<Path> authorities,
    Duration refresh,
    Duration patience,
    Path dockerConfig) {
  static final String DEFAULT = "sandboxed.registry";
  static final String MIRRORS = "sandboxed.registry.mirrors";
  static final String INSECURE = "sandboxed.registry.insecure";
  static final String AUTHORITIES = "sandboxed.registry.ca";
  static final String REFRESH = "sandboxed.registry.refresh";
  static final String PATIENCE = "sandboxed.registry.timeout";

  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9.-]+(:[0-9]{1,5})?|\\[[0-9A-Fa-f:]+\\](:[0-9]{1,5})?");

  public RegistrySettings {
    mirrors = Map.copyOf(mirrors);
    insecure = Set.copyOf(insecure);
    authorities = List.copyOf(authorities);
  }

  /**
   * Reads the settings; each is a system property or, in capital letters with underscores, an
   * environment variable.
   *
   * @throws InvalidSpecException if one is malformed
   */
  public static RegistrySettings from(Settings settings) {
    Optional<String> registry = value(settings, DEFAULT).map(v -> host(DEFAULT, v));
    var mirrors = new LinkedHashMap<String, List<String>>();
    for (var pair : list(settings, MIRRORS)) {
      var equals = pair.indexOf('=');
      if (equals < 1) {
        throw malformed(MIRRORS, pair, "write registry=mirror, such as a.example=b.example:5000");
      }
      mirrors
          .computeIfAbsent(host(MIRRORS, pair.substring(0, equals)), key -> new ArrayList<>())
          .add(host(MIRRORS, pair.substring(equals + 1)));
    }
    var insecure = list(settings, INSECURE).stream().map(v -> host(INSECURE, v)).toList();
    var authorities = list(settings, AUTHORITIES).stream().map(v -> path(AUTHORITIES, v)).toList();
    var home = Path.of(settings.property("user.home").orElse("/"));
    return new RegistrySettings(
        registry,
        mirrors,
        Set.copyOf(insecure),
        authorities,
        duration(settings, REFRESH, Duration.ofHours(1)),
        duration(settings, PATIENCE, Duration.ofMinutes(1)),
        settings
            .variable("DOCKER_CONFIG")
            .map(v -> path("DOCKER_CONFIG", v))
            .orElse(home.resolve(".docker")));
  }

  private static Optional<String> value(Settings settings, String property) {
    return settings
        .property(property)
        .or(() -> settings.variable(property.toUpperCase(Locale.ROOT).replace('.', '_')))
        .map(String::strip);
  }

  private static List<String> list(Settings settings, String property) {
    return value(settings, property).stream()
        .flatMap(v -> Arrays.stream(v.split(",")))
        .map(String::strip)
        .filter(v -> !v.isEmpty())
        .toList();
  }

  private static String host(String property, String text) {
    if (!HOST.matcher(text).matches()) {
      throw malformed(property, text, "write a host name or an address, perhaps with :port");
    }
    return text;
  }

  private static Path path(String property, String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw malformed(property, text, "write a path");
    }
  }

  private static Duration duration(Settings settings, String property, Duration otherwise) {
    var text = value(settings, property);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      var duration = Duration.parse(text.get());
      if (!duration.isNegative()) {
        return duration;
      }
    } catch (DateTimeParseException e) {
      throw malformed(property, text.get(), "write a duration such as PT10M, PT1H or P1D");
    }
    throw malformed(property, text.get(), "a duration is not negative");
  }

  private static InvalidSpecException malformed(String property, String text, String rule) {
    return new InvalidSpecException(
        "The setting %s has \"%s\", which is malformed; %s".formatted(property, text, rule));
  }
}

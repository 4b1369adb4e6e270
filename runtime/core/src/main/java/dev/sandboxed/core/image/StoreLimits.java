package dev.sandboxed.core.image;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Durations;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.binaries.Settings;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * What a store keeps.
 *
 * @param maxSize how much may stay, all files together
 * @param maxAge how long a file may be unused
 */
public record StoreLimits(ByteSize maxSize, Duration maxAge) {
  /** What is kept unless said otherwise: 20 GiB, and what was used within 30 days. */
  public static final StoreLimits DEFAULT =
      new StoreLimits(new ByteSize(20L << 30), Duration.ofDays(30));

  /** The name of the setting of the size. */
  public static final String MAX_SIZE = "sandboxed.images.max-size";

  /** The name of the setting of the age. */
  public static final String MAX_AGE = "sandboxed.images.max-age";

  /**
   * Reads the settings {@code sandboxed.images.max-size} and {@code sandboxed.images.max-age}; each
   * is a system property or, in capital letters with underscores, an environment variable.
   *
   * @throws InvalidSpecException if one is malformed
   */
  public static StoreLimits from(Settings settings) {
    return new StoreLimits(
        value(settings, MAX_SIZE).map(StoreLimits::size).orElse(DEFAULT.maxSize()),
        value(settings, MAX_AGE).map(StoreLimits::age).orElse(DEFAULT.maxAge()));
  }

  private static Optional<String> value(Settings settings, String property) {
    return settings
        .property(property)
        .or(
            () ->
                settings.variable(
                    property.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_')))
        .map(String::strip);
  }

  private static ByteSize size(String text) {
    try {
      return ByteSize.parse(text);
    } catch (InvalidSpecException e) {
      throw malformed(MAX_SIZE, e);
    }
  }

  private static Duration age(String text) {
    try {
      return Durations.parse(text);
    } catch (InvalidSpecException e) {
      throw malformed(MAX_AGE, e);
    }
  }

  private static InvalidSpecException malformed(String property, InvalidSpecException e) {
    return new InvalidSpecException(
        "The setting %s is malformed: %s".formatted(property, e.getMessage()));
  }
}

package dev.sandboxed.core.build;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Durations;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.binaries.Settings;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * What steps of images may use, and what is told of them.
 *
 * @param memory memory of everything inside; half of the machine's if empty
 * @param disk what a step may write; it lives in memory
 * @param timeout how long a step's program may run
 * @param printed whether everything that steps print is shown
 */
public record BuildSettings(
    Optional<ByteSize> memory, ByteSize disk, Duration timeout, boolean printed) {
  static final String MEMORY = "sandboxed.build.memory";
  static final String DISK = "sandboxed.build.disk";
  static final String TIMEOUT = "sandboxed.build.timeout";
  static final String LOG = "sandboxed.build.log";

  private static final ByteSize DEFAULT_DISK = ByteSize.parse("16g");
  private static final Duration DEFAULT_TIMEOUT = Duration.ofHours(1);

  /** What the sandbox of a step needs around the program. */
  static final Duration AROUND = Duration.ofMinutes(30);

  /** Checks the timeout. */
  public BuildSettings {
    var longest = SandboxSpec.MAX_TIMEOUT.minus(AROUND);
    if (timeout.isZero() || timeout.isNegative() || timeout.compareTo(longest) > 0) {
      throw new InvalidSpecException(
          "The setting %s is %s; it must be more than zero and at most %s"
              .formatted(TIMEOUT, timeout, longest));
    }
  }

  /**
   * Reads the settings; each is a system property or, in capital letters with underscores, an
   * environment variable.
   *
   * @throws InvalidSpecException if one is malformed
   */
  public static BuildSettings from(Settings settings) {
    return new BuildSettings(
        value(settings, MEMORY, ByteSize::parse),
        value(settings, DISK, ByteSize::parse).orElse(DEFAULT_DISK),
        value(settings, TIMEOUT, Durations::parse).orElse(DEFAULT_TIMEOUT),
        value(settings, LOG, BuildSettings::flag).orElse(false));
  }

  private static boolean flag(String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new InvalidSpecException("\"%s\" is neither true nor false".formatted(text));
    };
  }

  private static <T> Optional<T> value(
      Settings settings, String property, Function<String, T> parser) {
    return settings
        .property(property)
        .or(() -> settings.variable(property.toUpperCase(Locale.ROOT).replace('.', '_')))
        .map(
            text -> {
              try {
                return parser.apply(text);
              } catch (InvalidSpecException e) {
                throw new InvalidSpecException(
                    "The setting %s is wrong: %s".formatted(property, e.getMessage()));
              }
            });
  }
}

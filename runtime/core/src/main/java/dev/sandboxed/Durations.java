package dev.sandboxed;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Pattern;

/** Reads durations as people write them in annotations and properties. */
public final class Durations {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)");

  private Durations() {}

  /**
   * Reads a number with a unit, {@code ms}, {@code s}, {@code m}, {@code h} or {@code d}, or the
   * ISO-8601 form.
   *
   * @param text for example {@code "30s"} or {@code "PT30S"}
   * @return the duration
   * @throws InvalidSpecException if the text is none
   */
  public static Duration parse(String text) {
    var stripped = text.strip();
    var matcher = TEXT.matcher(stripped.toLowerCase(Locale.ROOT));
    if (matcher.matches()) {
      var number = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "ms" -> Duration.ofMillis(number);
        case "s" -> Duration.ofSeconds(number);
        case "m" -> Duration.ofMinutes(number);
        case "h" -> Duration.ofHours(number);
        default -> Duration.ofDays(number);
      };
    }
    try {
      return Duration.parse(stripped);
    } catch (DateTimeParseException e) {
      throw new InvalidSpecException(
          "\"%s\" is not a duration; write a number and a unit, such as 500ms, 30s or 5m"
              .formatted(text));
    }
  }
}

package dev.sandboxed;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A number of bytes.
 *
 * <pre>{@code
 * ByteSize.parse("512m").bytes() == 536_870_912
 * }</pre>
 *
 * @param bytes the number, zero or more
 */
public record ByteSize(long bytes) implements Comparable<ByteSize> {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,15})\\s*([kmgt]?)(?:i?b)?");

  /**
   * Checks the number.
   *
   * @throws InvalidSpecException if it is negative
   */
  public ByteSize {
    if (bytes < 0) {
      throw new InvalidSpecException("A size of %d bytes is negative".formatted(bytes));
    }
  }

  /**
   * Reads a number with a unit: {@code b}, {@code k}, {@code m}, {@code g} or {@code t}, each 1024
   * times the one before; {@code KiB}, {@code mb} and the like mean the same.
   *
   * @param text for example {@code "512m"}
   * @return the size
   * @throws InvalidSpecException if the text is none
   */
  public static ByteSize parse(String text) {
    var matcher = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw invalid(text);
    }
    var shift =
        switch (matcher.group(2)) {
          case "k" -> 10;
          case "m" -> 20;
          case "g" -> 30;
          case "t" -> 40;
          default -> 0;
        };
    try {
      return new ByteSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
    } catch (ArithmeticException e) {
      throw invalid(text);
    }
  }

  private static InvalidSpecException invalid(String text) {
    return new InvalidSpecException(
        "\"%s\" is not a size; write a number and a unit, such as 512m or 2g".formatted(text));
  }

  @Override
  public int compareTo(ByteSize other) {
    return Long.compare(bytes, other.bytes);
  }

  /** Returns the size in the largest unit that keeps it a whole number, such as {@code 512m}. */
  @Override
  public String toString() {
    var units = "bkmgt";
    var unit = 0;
    var value = bytes;
    while (value != 0 && value % 1024 == 0 && unit < 4) {
      value /= 1024;
      unit++;
    }
    return value + units.substring(unit, unit + 1);
  }
}

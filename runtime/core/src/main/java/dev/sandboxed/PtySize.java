package dev.sandboxed;

/**
 * The size of a terminal in characters.
 *
 * @param rows 1 to 65535
 * @param columns 1 to 65535
 */
public record PtySize(int rows, int columns) {
  /** The classic size: 24 rows of 80 columns. */
  public static final PtySize DEFAULT = new PtySize(24, 80);

  /**
   * Checks the numbers.
   *
   * @throws InvalidSpecException if one is out of its bounds
   */
  public PtySize {
    if (rows < 1 || rows > 65535 || columns < 1 || columns > 65535) {
      throw new InvalidSpecException(
          "A terminal of %d rows and %d columns is not possible; each must be 1 to 65535"
              .formatted(rows, columns));
    }
  }
}

package dev.sandboxed.junit.inside;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads lines that are no longer than a limit; a longer one comes in pieces. */
final class BodyLines {
  private final InputStream from;
  private final int limit;

  BodyLines(InputStream from, int limit) {
    this.from = new BufferedInputStream(from, 65_536);
    this.limit = limit;
  }

  /**
   * A line, or the next piece of one.
   *
   * @param text without the end of the line; bytes that are no UTF-8 are replaced
   * @param whole whether the line has ended
   */
  record Piece(String text, boolean whole) {
    private static Piece of(ByteArrayOutputStream bytes, boolean whole) {
      return new Piece(bytes.toString(StandardCharsets.UTF_8), whole);
    }
  }

  /** Returns the next piece, or null at the end. */
  @Nullable Piece next() throws IOException {
    var bytes = new ByteArrayOutputStream();
    while (bytes.size() < limit) {
      var b = from.read();
      if (b == -1) {
        return bytes.size() == 0 ? null : Piece.of(bytes, false);
      }
      if (b == '\n') {
        return Piece.of(bytes, true);
      }
      bytes.write(b);
    }
    return Piece.of(bytes, false);
  }
}

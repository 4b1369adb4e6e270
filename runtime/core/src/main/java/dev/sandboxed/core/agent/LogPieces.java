package dev.sandboxed.core.agent;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;

/** Reads kept output: pieces, each behind a header that says when it came and on which channel. */
final class LogPieces {
  private static final int MAX_PIECE = 256 << 10;

  private final DataInputStream in;

  /**
   * One piece.
   *
   * @param at when it came
   * @param channel which stream it is of
   * @param bytes what was printed
   */
  record Piece(Instant at, int channel, ByteBuffer bytes) {}

  LogPieces(InputStream in) {
    this.in = new DataInputStream(in);
  }

  /** Returns the next piece; empty after the last whole one. */
  Optional<Piece> next() throws IOException {
    try {
      var at = Instant.ofEpochMilli(in.readLong());
      var channel = in.readUnsignedByte();
      var length = in.readInt();
      if (length < 0 || length > MAX_PIECE) {
        throw new IOException("a piece of kept output has %,d bytes".formatted(length));
      }
      var bytes = new byte[length];
      in.readFully(bytes);
      return Optional.of(new Piece(at, channel, ByteBuffer.wrap(bytes)));
    } catch (EOFException e) {
      return Optional.empty();
    }
  }
}

package dev.sandboxed.benchmarks;

import java.io.IOException;
import java.io.InputStream;

/** Reads what programs print. */
final class Streams {
  private Streams() {}

  /** Waits for one byte and returns the milliseconds since then. */
  static double firstByte(InputStream in, long startedNanos) throws IOException {
    if (in.read() < 0) {
      throw new IOException("The program printed nothing");
    }
    return (System.nanoTime() - startedNanos) / 1e6;
  }

  /** Reads exactly so many bytes. */
  static void drain(InputStream in, long bytes) throws IOException {
    var buffer = new byte[1 << 18];
    var left = bytes;
    while (left > 0) {
      var n = in.read(buffer);
      if (n < 0) {
        throw new IOException("The stream ended " + left + " bytes early");
      }
      left -= n;
    }
    if (left < 0 || in.read() >= 0) {
      throw new IOException("The stream has more than " + bytes + " bytes");
    }
  }
}

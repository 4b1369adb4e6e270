package dev.sandboxed.junit;

import java.util.Arrays;

/** Keeps the end of a stream of bytes. Thread-safe. */
final class TailBuffer {
  /** More than is shown: a secret that is cut at the beginning is not recognised any more. */
  private static final int KEPT = 8192;

  /** Made when there is something to keep: of most commands the result is known as a whole. */
  private byte[] ring = {};

  private long written;

  synchronized void write(byte[] bytes, int offset, int length) {
    if (ring.length == 0) {
      ring = new byte[KEPT];
    }
    for (var i = Math.max(0, length - KEPT); i < length; i++) {
      ring[(int) ((written + i) % KEPT)] = bytes[offset + i];
    }
    written += length;
  }

  void write(byte[] bytes) {
    write(bytes, 0, bytes.length);
  }

  synchronized byte[] bytes() {
    if (written <= KEPT) {
      return Arrays.copyOf(ring, (int) written);
    }
    var start = (int) (written % KEPT);
    var bytes = new byte[KEPT];
    System.arraycopy(ring, start, bytes, 0, KEPT - start);
    System.arraycopy(ring, 0, bytes, KEPT - start, start);
    return bytes;
  }
}

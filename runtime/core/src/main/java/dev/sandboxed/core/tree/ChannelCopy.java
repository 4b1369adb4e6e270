package dev.sandboxed.core.tree;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;

/** Copies parts of files, fast, and keeps holes as holes where the target is a file. */
final class ChannelCopy {
  private static final int BUFFER = 1 << 20;

  /** Runs of zeros are looked for in pieces of this size; shorter runs are written out. */
  private static final int PIECE = 64 << 10;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(PIECE).asReadOnlyBuffer();

  private ChannelCopy() {}

  /** Copies up to {@code size} bytes; returns how many there were. */
  static long copy(FileChannel source, long offset, long size, WritableByteChannel target)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER, Math.max(size, 1)));
    long done = 0;
    while (done < size) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), size - done));
      int read = source.read(buffer, offset + done);
      if (read < 0) {
        break;
      }
      buffer.flip();
      done += read;
      if (target instanceof FileChannel file) {
        writeKeepingHoles(buffer, file);
      } else {
        writeFully(buffer, target);
      }
    }
    return done;
  }

  static void writeZeros(long count, WritableByteChannel target) throws IOException {
    if (target instanceof FileChannel file) {
      file.position(file.position() + count);
      return;
    }
    for (long left = count; left > 0; ) {
      ByteBuffer piece = ZEROS.duplicate().limit((int) Math.min(PIECE, left));
      left -= piece.remaining();
      writeFully(piece, target);
    }
  }

  static void writeFully(ByteBuffer buffer, WritableByteChannel target) throws IOException {
    while (buffer.hasRemaining()) {
      target.write(buffer);
    }
  }

  /** Moves on over blocks of zeros: a sparse file must not fill the disk of who copies it. */
  static void writeKeepingHoles(ByteBuffer buffer, FileChannel target) throws IOException {
    int end = buffer.limit();
    int start = buffer.position();
    while (start < end) {
      // A run of pieces that are alike, all zero or none, goes in one call.
      boolean zero = isZero(buffer, start, Math.min(start + PIECE, end));
      int stop = Math.min(start + PIECE, end);
      while (stop < end && isZero(buffer, stop, Math.min(stop + PIECE, end)) == zero) {
        stop = Math.min(stop + PIECE, end);
      }
      if (zero && stop - start >= PIECE) {
        target.position(target.position() + (stop - start));
      } else {
        writeFully(buffer.duplicate().position(start).limit(stop), target);
      }
      start = stop;
    }
  }

  private static boolean isZero(ByteBuffer buffer, int start, int end) {
    return buffer.get(start) == 0
        && buffer
                .duplicate()
                .position(start)
                .limit(end)
                .mismatch(ZEROS.duplicate().limit(end - start))
            < 0;
  }
}

package dev.sandboxed.core.tree;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;

/** The bytes of a regular file, read when they are wanted and as often as they are wanted. */
public interface Content {
  /** Returns the length in bytes, which is what {@link #copyTo} writes. */
  long size();

  /**
   * Writes all bytes at the channel's position. A file channel is moved over holes instead of
   * writing zeros, so its target must be fresh there, and whoever owns it sets the final length.
   *
   * @throws TreeException if the source is no longer what it was when its tree was read
   */
  void copyTo(WritableByteChannel target) throws IOException;

  /** Feeds what identifies these bytes to a digest, without reading a large file. */
  void identify(MessageDigest digest);

  /** Returns content held in memory. */
  static Content of(byte[] bytes) {
    byte[] copy = bytes.clone();
    return new Content() {
      @Override
      public long size() {
        return copy.length;
      }

      @Override
      public void copyTo(WritableByteChannel target) throws IOException {
        var buffer = ByteBuffer.wrap(copy);
        while (buffer.hasRemaining()) {
          target.write(buffer);
        }
      }

      @Override
      public void identify(MessageDigest digest) {
        digest.update(copy);
      }
    };
  }
}

package dev.sandboxed.core.tree;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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

  /**
   * Returns a part of a file, which must stay open, and as it is, as long as the content is used.
   *
   * @param identity what tells these bytes from all others
   */
  static Content part(FileChannel file, long offset, long size, byte[] identity) {
    byte[] id = identity.clone();
    return new Content() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public void copyTo(WritableByteChannel target) throws IOException {
        if (ChannelCopy.copy(file, offset, size, target) != size) {
          throw new TreeException("A file was cut off while it was being read.");
        }
      }

      @Override
      public void identify(MessageDigest digest) {
        digest.update(id);
      }
    };
  }
}

package dev.sandboxed.core.protocol;

import dev.sandboxed.core.protocol.ProtocolException.Rule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Cuts what a channel delivers into frames, and checks each against every rule that a single frame
 * can break. For one thread.
 */
public final class FrameReader {
  /** One read takes in many small frames; the buffer grows with the large ones that arrive. */
  private static final int READ_BYTES = 256 << 10;

  private final ReadableByteChannel from;
  private ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES).flip();
  private boolean ended;

  /** Reads from a channel, blocking or not. */
  public FrameReader(ReadableByteChannel from) {
    this.from = from;
  }

  /**
   * Reads what the channel has.
   *
   * @return whether there may be more: false at the end, or when a non-blocking channel is empty
   */
  public boolean read() throws IOException {
    makeRoom();
    var limit = buffer.limit();
    var position = buffer.position();
    buffer.position(limit).limit(buffer.capacity());
    int count;
    try {
      count = from.read(buffer);
    } finally {
      buffer.limit(buffer.position()).position(position);
    }
    ended |= count < 0;
    return count > 0;
  }

  /**
   * Returns the next frame of what was read.
   *
   * @return the frame, valid until the next call of this object; null if more must be read first
   * @throws ProtocolException if the peer broke a rule, or the input ended inside a frame
   */
  public @Nullable Frame next() throws ProtocolException {
    if (buffer.remaining() < Frame.HEADER_BYTES) {
      return unlessTruncated();
    }
    var header = Frame.ofHeader(buffer);
    var length = buffer.getInt(buffer.position());
    if (buffer.remaining() < Frame.HEADER_BYTES + length) {
      return unlessTruncated();
    }
    var payload = buffer.slice(buffer.position() + Frame.HEADER_BYTES, length);
    buffer.position(buffer.position() + Frame.HEADER_BYTES + length);
    var frame = new Frame(header.stream(), header.type(), header.channel(), payload);
    check(frame);
    return frame;
  }

  /** Returns whether the channel has ended. */
  public boolean ended() {
    return ended;
  }

  private static void check(Frame frame) throws ProtocolException {
    if (frame.type() == FrameType.CREDIT && frame.credit() <= 0) {
      throw new ProtocolException(
          Rule.CREDIT,
          "a credit of %s bytes, where 1 to %d are allowed"
              .formatted(Integer.toUnsignedString(frame.credit()), Integer.MAX_VALUE));
    }
  }

  private @Nullable Frame unlessTruncated() throws ProtocolException {
    if (ended && buffer.hasRemaining()) {
      throw new ProtocolException(
          Rule.TRUNCATED,
          "the stream ended inside a frame, after %d bytes of it".formatted(buffer.remaining()));
    }
    return null;
  }

  private void makeRoom() {
    var room = buffer.capacity() - buffer.limit();
    if (!buffer.hasRemaining()) {
      buffer.position(0).limit(0);
    } else if (room == 0 && buffer.position() == 0) {
      // A peer that only announces a large frame gets no memory for it: this grows with arrivals.
      buffer = grown().put(buffer).flip();
    } else if (room < READ_BYTES / 4) {
      buffer.compact().flip();
    }
  }

  private ByteBuffer grown() {
    return ByteBuffer.allocateDirect(
        Math.min(2 * buffer.capacity(), Frame.HEADER_BYTES + Frame.MAX_PAYLOAD_BYTES + READ_BYTES));
  }
}

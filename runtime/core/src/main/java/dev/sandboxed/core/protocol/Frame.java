package dev.sandboxed.core.protocol;

import dev.sandboxed.core.protocol.ProtocolException.Rule;
import java.nio.ByteBuffer;

/**
 * One message of the protocol.
 *
 * @param stream the stream; 0 is the connection itself
 * @param type what the frame is
 * @param channel the channel of the stream, 0 where the type has none
 * @param payload the payload; when read, valid until the next frame is read
 */
public record Frame(int stream, FrameType type, int channel, ByteBuffer payload) {
  /** The length of the header before each payload. */
  public static final int HEADER_BYTES = 12;

  /** The most bytes that a payload may have. */
  public static final int MAX_PAYLOAD_BYTES = 1 << 20;

  /** The channel towards the agent. */
  public static final int INPUT = 0;

  /** The channel of output. */
  public static final int OUTPUT = 1;

  /** The channel of error output. */
  public static final int ERROR_OUTPUT = 2;

  /** How many channels a stream has. */
  public static final int CHANNELS = 3;

  /** The version of the protocol that both ends of a connection must share. */
  public static final int PROTOCOL = 1;

  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

  /** Returns the header for a payload. */
  public static ByteBuffer header(int stream, FrameType type, int channel, int length) {
    return ByteBuffer.allocate(HEADER_BYTES)
        .putInt(length)
        .putInt(stream)
        .put((byte) type.code())
        .put((byte) channel)
        .putShort((short) 0)
        .flip();
  }

  /** Returns a whole frame that grants credit. */
  public static ByteBuffer credit(int stream, int channel, int bytes) {
    return ByteBuffer.allocate(HEADER_BYTES + Integer.BYTES)
        .put(header(stream, FrameType.CREDIT, channel, Integer.BYTES))
        .putInt(bytes)
        .flip();
  }

  /** Returns a whole frame of JSON. */
  public static ByteBuffer json(int stream, FrameType type, JsonObject payload) {
    var bytes = payload.toBytes();
    if (bytes.length > MAX_PAYLOAD_BYTES) {
      throw new IllegalArgumentException(
          "%,d bytes of JSON, where a frame holds %,d".formatted(bytes.length, MAX_PAYLOAD_BYTES));
    }
    return ByteBuffer.allocate(HEADER_BYTES + bytes.length)
        .put(header(stream, type, 0, bytes.length))
        .put(bytes)
        .flip();
  }

  /** Returns how many bytes a CREDIT frame grants. */
  public int credit() {
    return payload.getInt(payload.position());
  }

  /**
   * Parses the payload of a frame that has JSON.
   *
   * @throws ProtocolException if it is not one JSON object
   */
  public JsonObject json() throws ProtocolException {
    return JsonObject.parse(payload.duplicate());
  }

  /** Reads and checks the header at the buffer's position, which does not move. */
  static Frame ofHeader(ByteBuffer buffer) throws ProtocolException {
    var at = buffer.position();
    var length = Integer.toUnsignedLong(buffer.getInt(at));
    if (length > MAX_PAYLOAD_BYTES) {
      throw new ProtocolException(
          Rule.TOO_LARGE,
          "a payload of %d bytes, where %d is the limit".formatted(length, MAX_PAYLOAD_BYTES));
    }
    var stream = buffer.getInt(at + 4);
    var type = FrameType.of(Byte.toUnsignedInt(buffer.get(at + 8)));
    var channel = Byte.toUnsignedInt(buffer.get(at + 9));
    if (buffer.getShort(at + 10) != 0) {
      throw new ProtocolException(
          Rule.RESERVED, "reserved bytes of a %s frame are not zero".formatted(type));
    }
    var placed = stream == 0 ? type.onConnection() : type != FrameType.HELLO;
    if (stream < 0 || !placed) {
      throw new ProtocolException(
          Rule.STREAM, "a %s frame on stream %s".formatted(type, Integer.toUnsignedString(stream)));
    }
    if (channel > (type.hasChannel() ? CHANNELS - 1 : 0)) {
      throw new ProtocolException(
          Rule.CHANNEL, "a %s frame on channel %d".formatted(type, channel));
    }
    checkLength(type, (int) length);
    return new Frame(stream, type, channel, EMPTY);
  }

  private static void checkLength(FrameType type, int length) throws ProtocolException {
    var fits =
        switch (type) {
          case DATA -> length > 0;
          case END -> length == 0;
          case CREDIT -> length == Integer.BYTES;
          default -> true;
        };
    if (!fits) {
      throw new ProtocolException(
          Rule.LENGTH, "a %s frame with %d bytes of payload".formatted(type, length));
    }
  }
}

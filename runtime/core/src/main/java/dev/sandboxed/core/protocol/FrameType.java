package dev.sandboxed.core.protocol;

import dev.sandboxed.core.protocol.ProtocolException.Rule;

/** What a frame is. */
public enum FrameType {
  /** Each end's first frame. */
  HELLO,
  /** A request that opens a stream. */
  OPEN,
  /** Bytes of a channel. */
  DATA,
  /** A channel has no more data. */
  END,
  /** How many more bytes the peer may send on a channel. */
  CREDIT,
  /** A request within a stream. */
  CONTROL,
  /** News of a stream. */
  EVENT,
  /** The answer that ends a stream. */
  RESULT;

  private static final FrameType[] BY_CODE = values();

  /** Returns the number of this type on the wire. */
  public int code() {
    return ordinal() + 1;
  }

  /** Returns the type of a number. */
  static FrameType of(int code) throws ProtocolException {
    if (code < 1 || code > BY_CODE.length) {
      throw new ProtocolException(Rule.TYPE, "unknown frame type " + code);
    }
    return BY_CODE[code - 1];
  }

  /** Returns whether frames of this type belong to one of a stream's channels. */
  boolean hasChannel() {
    return this == DATA || this == END || this == CREDIT;
  }

  /** Returns whether the payload is JSON. */
  boolean isJson() {
    return !hasChannel();
  }

  /** Returns whether the type may be used on stream 0, the connection itself. */
  boolean onConnection() {
    return this == HELLO || this == CONTROL || this == EVENT;
  }
}

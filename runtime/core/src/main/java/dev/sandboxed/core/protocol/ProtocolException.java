package dev.sandboxed.core.protocol;

import java.io.IOException;
import java.io.Serial;

/** A peer sent something that the protocol does not allow; its connection ends with this. */
public final class ProtocolException extends IOException {
  @Serial private static final long serialVersionUID = 1L;
  private final Rule rule;

  /** The rules a peer can break; the names are those of the shared test vectors. */
  public enum Rule {
    /** The stream ended inside a frame. */
    TRUNCATED,
    /** The payload is over the limit. */
    TOO_LARGE,
    /** The frame's type has no place on its stream. */
    STREAM,
    /** There is no such type. */
    TYPE,
    /** The frame's type has no such channel. */
    CHANNEL,
    /** Reserved bytes are set. */
    RESERVED,
    /** The payload's length does not fit the type. */
    LENGTH,
    /** A credit of nothing, or over the limit. */
    CREDIT,
    /** The payload is not one UTF-8 JSON object. */
    JSON,
    /** JSON nested too deep. */
    DEPTH,
    /** A well-formed frame at the wrong time: more data than granted, too many events. */
    CONVERSATION
  }

  /**
   * Makes the exception.
   *
   * @param rule what was broken
   * @param message how
   */
  public ProtocolException(Rule rule, String message) {
    super(message);
    this.rule = rule;
  }

  /** Returns what was broken. */
  public Rule rule() {
    return rule;
  }
}

package dev.sandboxed.core.agent;

import java.nio.ByteBuffer;
import java.util.function.IntConsumer;

/** Takes the bytes of one output channel, on the connection's thread: it never waits. */
interface Sink {

  /**
   * Begins.
   *
   * @param grant gives the sender more credit
   */
  void open(IntConsumer grant);

  /** Takes bytes; the buffer is valid during the call only. */
  void data(ByteBuffer bytes);

  /** No more bytes will come. */
  void end();

  /** No more bytes will come, since something went wrong. */
  void fail(RuntimeException why);
}

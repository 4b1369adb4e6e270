package dev.sandboxed.core.agent;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sends given bytes as input, as fast as credit comes; no thread waits for it. */
final class InputPump implements Runnable {
  private static final int CHUNK = 64 << 10;

  private final Optional<byte[]> input;
  private @Nullable AgentStream<?> stream;
  private int sent;
  private boolean ended;

  /**
   * Makes a pump.
   *
   * @param input what to send, then the input ends; empty for an input that others write
   */
  InputPump(Optional<byte[]> input) {
    this.input = input;
  }

  /** Makes a pump of no input. */
  static InputPump none() {
    return new InputPump(Optional.empty());
  }

  synchronized void attach(AgentStream<?> to) {
    stream = to;
  }

  /** Sends what the credit allows. */
  @Override
  public synchronized void run() {
    if (input.isEmpty() || stream == null || ended) {
      return;
    }
    var bytes = input.get();
    while (sent < bytes.length) {
      var count = stream.window().tryTake(Math.min(CHUNK, bytes.length - sent));
      if (count == 0) {
        return;
      }
      stream.send(ByteBuffer.wrap(bytes, sent, count));
      sent += count;
    }
    ended = true;
    stream.sendEnd();
  }
}

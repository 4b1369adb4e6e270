package dev.sandboxed.core.agent;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntConsumer;

/** Keeps all bytes of one output channel, up to a limit. */
final class CollectingSink implements Sink {
  private static final int FIRST_CAPACITY = 512;

  private final int window;
  private final long limit;
  private final Runnable onTooLarge;
  private byte[] bytes = new byte[0];
  private int size;
  private int owed;
  private long lastNanos = System.nanoTime();
  private boolean ended;
  private boolean tooLarge;
  private IntConsumer grant = count -> {};

  /**
   * Makes a sink.
   *
   * @param window what the sender may send at once
   * @param limit the most bytes to keep
   * @param onTooLarge called once, when there are more
   */
  CollectingSink(int window, long limit, Runnable onTooLarge) {
    this.window = window;
    this.limit = Math.min(limit, Integer.MAX_VALUE - 16L);
    this.onTooLarge = onTooLarge;
  }

  @Override
  public synchronized void open(IntConsumer granter) {
    grant = granter;
    grant.accept(window);
  }

  @Override
  public void data(ByteBuffer data) {
    if (keep(data)) {
      onTooLarge.run();
    }
  }

  @Override
  public synchronized void end() {
    ended = true;
  }

  @Override
  public synchronized void fail(RuntimeException why) {
    ended = true;
  }

  /** Returns what came so far. */
  synchronized byte[] bytes() {
    return Arrays.copyOf(bytes, size);
  }

  synchronized boolean ended() {
    return ended;
  }

  /** Returns for how long nothing has come. */
  synchronized long silentNanos() {
    return System.nanoTime() - lastNanos;
  }

  synchronized boolean isTooLarge() {
    return tooLarge;
  }

  /** Returns whether this is the first data over the limit. */
  private synchronized boolean keep(ByteBuffer data) {
    lastNanos = System.nanoTime();
    if (tooLarge) {
      return false;
    }
    var count = data.remaining();
    if (count > limit - size) {
      tooLarge = true;
      bytes = new byte[0];
      size = 0;
      return true;
    }
    if (size + count > bytes.length) {
      var capacity = Math.max(size + count, Math.max(FIRST_CAPACITY, 2L * bytes.length));
      bytes = Arrays.copyOf(bytes, (int) Math.min(capacity, Math.max(limit, size + count)));
    }
    data.get(bytes, size, count);
    size += count;
    owed += count;
    if (owed >= window / 4) {
      grant.accept(owed);
      owed = 0;
    }
    return false;
  }
}

package dev.sandboxed.core.agent;

import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds the bytes of one output channel between the connection's thread and one reader. The sender
 * gets credit for what the reader takes, so that no more than the window is ever held.
 */
final class OutputPipe implements Sink {
  /** What a process' stream may send ahead of its reader. */
  static final int PROCESS_WINDOW = 1 << 20;

  /** What a file transfer may send ahead of its reader. */
  static final int FILE_WINDOW = 4 << 20;

  private static final int FIRST_CAPACITY = 8 << 10;

  private final int window;
  private byte[] ring = new byte[0];
  private int start;
  private int size;
  private int owed;
  private boolean opened;
  private boolean ended;
  private boolean discarding;
  private @Nullable RuntimeException failure;
  private IntConsumer grant = bytes -> {};

  private OutputPipe(int window) {
    this.window = window;
  }

  static OutputPipe ofWindow(int window) {
    return new OutputPipe(window);
  }

  @Override
  public synchronized void open(IntConsumer granter) {
    grant = granter;
    opened = true;
    grant.accept(window);
  }

  @Override
  public synchronized void data(ByteBuffer bytes) {
    if (discarding) {
      pay(bytes.remaining());
      return;
    }
    put(bytes);
    notifyAll();
  }

  @Override
  public synchronized void end() {
    ended = true;
    notifyAll();
  }

  @Override
  public synchronized void fail(RuntimeException why) {
    ended = true;
    failure = why;
    notifyAll();
  }

  /**
   * Waits until there is a byte, the end, or a failure.
   *
   * @throws RuntimeException what {@link #fail} was given, if nothing is left to read
   */
  synchronized void await() throws InterruptedIOException {
    while (size == 0 && !ended && !discarding) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("Interrupted while waiting for output");
      }
    }
    if (size == 0 && failure != null && !discarding) {
      throw failure;
    }
  }

  /**
   * Takes bytes, and waits for the first of them.
   *
   * @return how many; -1 at the end
   */
  synchronized int read(byte[] to, int from, int length) throws InterruptedIOException {
    if (length == 0) {
      return 0;
    }
    await();
    if (size == 0) {
      return -1;
    }
    var count = Math.min(length, size);
    var first = Math.min(count, ring.length - start);
    System.arraycopy(ring, start, to, from, first);
    System.arraycopy(ring, 0, to, from + first, count - first);
    start = (start + count) % ring.length;
    size -= count;
    pay(count);
    return count;
  }

  /** Returns how many bytes can be read without waiting. */
  synchronized int available() {
    return size;
  }

  /** Throws away what is held and what will come, so that the sender goes on. */
  synchronized void discard() {
    if (!discarding) {
      discarding = true;
      pay(size);
      ring = new byte[0];
      size = 0;
      notifyAll();
    }
  }

  /** Gives credit back, in pieces that are worth a frame. */
  private void pay(int bytes) {
    owed += bytes;
    if (opened && !ended && owed >= window / 4) {
      grant.accept(owed);
      owed = 0;
    }
  }

  private void put(ByteBuffer bytes) {
    var count = bytes.remaining();
    if (size + count > ring.length) {
      grow(size + count);
    }
    var at = (start + size) % ring.length;
    var first = Math.min(count, ring.length - at);
    bytes.get(ring, at, first);
    bytes.get(ring, 0, count - first);
    size += count;
  }

  private void grow(int needed) {
    var bigger = new byte[Math.max(needed, Math.max(FIRST_CAPACITY, 2 * ring.length))];
    var first = Math.min(size, ring.length - start);
    System.arraycopy(ring, start, bigger, 0, first);
    System.arraycopy(ring, 0, bigger, first, size - first);
    ring = bigger;
    start = 0;
  }
}

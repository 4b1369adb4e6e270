package dev.sandboxed.core.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayDeque;

/**
 * Sends frames over a non-blocking channel from any thread, in order. What the channel does not
 * take at once waits here for the connection's thread. Writing without blocking keeps a caller's
 * interrupt from closing the channel for everybody.
 */
final class Outbox {
  private static final int GATHER = 64;
  private static final int MAX_QUEUED = 1 << 20;

  private final GatheringByteChannel channel;
  private final Runnable wake;
  private final ArrayDeque<ByteBuffer> queue = new ArrayDeque<>();
  private long queued;
  private boolean holding;
  private boolean closed;

  /**
   * Makes an outbox.
   *
   * @param wake asks the connection's thread to call {@link #drain} when the channel takes more
   */
  Outbox(GatheringByteChannel channel, Runnable wake) {
    this.channel = channel;
    this.wake = wake;
  }

  /** Sends buffers that nobody changes any more; never waits. After {@link #close}, drops them. */
  synchronized void send(ByteBuffer... buffers) {
    if (closed) {
      return;
    }
    if (queue.isEmpty() && !holding) {
      write(buffers);
    }
    for (var buffer : buffers) {
      if (buffer.hasRemaining()) {
        queue.add(buffer);
        queued += buffer.remaining();
      }
    }
    if (!queue.isEmpty() && !holding) {
      wake.run();
    }
  }

  /** Runs what sends several small frames, and writes them together, which wakes the peer once. */
  synchronized void together(Runnable sends) {
    holding = true;
    try {
      sends.run();
    } finally {
      holding = false;
    }
    if (!drain()) {
      wake.run();
    }
  }

  /**
   * Sends a header and a payload whose memory is the caller's again on return. Waits while much is
   * queued already.
   */
  synchronized void sendCopy(ByteBuffer header, ByteBuffer payload) throws InterruptedException {
    while (queued > MAX_QUEUED && !closed) {
      wait();
    }
    if (queue.isEmpty() && !closed) {
      write(header, payload);
    }
    if (payload.hasRemaining()) {
      send(header, ByteBuffer.allocate(payload.remaining()).put(payload).flip());
    }
  }

  /**
   * Sends what waits, as far as the channel takes it.
   *
   * @return whether nothing is left
   */
  synchronized boolean drain() {
    while (!queue.isEmpty() && !closed) {
      var buffers = queue.stream().limit(GATHER).toArray(ByteBuffer[]::new);
      queued -= write(buffers);
      while (!queue.isEmpty() && !queue.element().hasRemaining()) {
        queue.remove();
      }
      if (buffers[buffers.length - 1].hasRemaining()) {
        break;
      }
    }
    notifyAll();
    return queue.isEmpty();
  }

  /** Drops what waits, now and later. */
  synchronized void close() {
    closed = true;
    queue.clear();
    queued = 0;
    notifyAll();
  }

  private long write(ByteBuffer... buffers) {
    try {
      return channel.write(buffers);
    } catch (IOException e) {
      // The thread that reads finds the same channel broken and says so to everybody.
      close();
      return 0;
    }
  }
}

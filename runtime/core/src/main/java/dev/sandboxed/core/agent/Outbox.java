package dev.sandboxed.core.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Sends frames over a non-blocking channel from any thread, in order. What the channel does not
 * take at once waits here for the connection's thread. Writing without blocking keeps a caller's
 * interrupt from closing the channel for everybody.
 */
final class Outbox {
  private static final int GATHER = 64;

  private final GatheringByteChannel channel;
  private final Runnable wake;
  private final ArrayDeque<ByteBuffer> queue = new ArrayDeque<>();
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
    if (queue.isEmpty()) {
      write(buffers);
    }
    for (var buffer : buffers) {
      if (buffer.hasRemaining()) {
        queue.add(buffer);
      }
    }
    if (!queue.isEmpty()) {
      wake.run();
    }
  }

  /** Sends a header and a payload, and returns when the payload's memory is the caller's again. */
  synchronized void sendAndWait(ByteBuffer header, ByteBuffer payload) throws InterruptedException {
    send(header, payload);
    while (payload.hasRemaining() && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        replace(payload);
        throw e;
      }
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
      write(buffers);
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
    notifyAll();
  }

  private void write(ByteBuffer... buffers) {
    try {
      channel.write(buffers);
    } catch (IOException e) {
      // The thread that reads finds the same channel broken and says so to everybody.
      close();
    }
  }

  /** Copies what is left of a frame half sent, whose memory the caller takes back. */
  private void replace(ByteBuffer payload) {
    var copy = ByteBuffer.allocate(payload.remaining()).put(payload.duplicate()).flip();
    var all = List.copyOf(queue);
    queue.clear();
    all.forEach(b -> queue.add(b == payload ? copy : b));
  }
}

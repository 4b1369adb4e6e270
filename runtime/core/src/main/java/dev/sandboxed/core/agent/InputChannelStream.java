package dev.sandboxed.core.agent;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Writes the input channel of a stream; waits while the reader inside is slow. Thread-safe.
 *
 * <p>As a channel it sends large pieces from where they are, without a copy.
 */
final class InputChannelStream extends OutputStream implements WritableByteChannel {
  private static final int CHUNK = 256 << 10;
  private static final int BUFFER = 8 << 10;

  private final AgentStream<?> stream;
  private final byte[] buffer = new byte[BUFFER];
  private int buffered;
  private boolean closed;

  InputChannelStream(AgentStream<?> stream) {
    this.stream = stream;
  }

  @Override
  public synchronized void write(int b) throws IOException {
    checkOpen();
    if (buffered == BUFFER) {
      flush();
    }
    buffer[buffered++] = (byte) b;
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    write(ByteBuffer.wrap(from, offset, length));
  }

  @Override
  public synchronized int write(ByteBuffer from) throws IOException {
    checkOpen();
    var count = from.remaining();
    if (buffered + count > BUFFER) {
      flush();
    }
    if (count >= BUFFER) {
      send(from);
    } else {
      from.get(buffer, buffered, count);
      buffered += count;
    }
    return count;
  }

  @Override
  public synchronized boolean isOpen() {
    return !closed;
  }

  @Override
  public synchronized void flush() throws IOException {
    var count = buffered;
    buffered = 0;
    send(ByteBuffer.wrap(buffer, 0, count));
  }

  /** Sends what is buffered and ends the input. */
  @Override
  public synchronized void close() throws IOException {
    if (!closed) {
      try {
        flush();
      } finally {
        closed = true;
        stream.sendEnd();
      }
    }
  }

  private void checkOpen() throws IOException {
    if (closed) {
      throw new IOException("The stream is closed");
    }
  }

  /** Sends all that remains in the buffer. */
  private void send(ByteBuffer from) throws IOException {
    try {
      while (from.hasRemaining()) {
        var count = stream.window().take(Math.min(CHUNK, from.remaining()));
        stream.sendCopy(from.slice(from.position(), count));
        from.position(from.position() + count);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var interrupted = new InterruptedIOException("Interrupted while writing");
      interrupted.initCause(e);
      throw interrupted;
    }
  }
}

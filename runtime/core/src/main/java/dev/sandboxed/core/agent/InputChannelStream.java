package dev.sandboxed.core.agent;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Writes the input channel of a stream; waits while the reader inside is slow. Thread-safe. */
final class InputChannelStream extends OutputStream {
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
  public synchronized void write(byte[] from, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, from.length);
    checkOpen();
    if (buffered + length > BUFFER) {
      flush();
    }
    if (length >= BUFFER) {
      send(from, offset, length);
    } else {
      System.arraycopy(from, offset, buffer, buffered, length);
      buffered += length;
    }
  }

  @Override
  public synchronized void flush() throws IOException {
    var count = buffered;
    buffered = 0;
    send(buffer, 0, count);
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

  private void send(byte[] from, int offset, int length) throws IOException {
    var at = offset;
    var end = offset + length;
    try {
      while (at < end) {
        var count = stream.window().take(Math.min(CHUNK, end - at));
        stream.sendCopy(ByteBuffer.wrap(from, at, count));
        at += count;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var interrupted = new InterruptedIOException("Interrupted while writing");
      interrupted.initCause(e);
      throw interrupted;
    }
  }
}

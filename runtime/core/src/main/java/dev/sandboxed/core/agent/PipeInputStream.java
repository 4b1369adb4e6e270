package dev.sandboxed.core.agent;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** Reads an {@link OutputPipe}. */
final class PipeInputStream extends InputStream {
  private final OutputPipe pipe;
  private final Runnable onClose;
  private volatile boolean closed;

  /**
   * Makes a stream.
   *
   * @param onClose stops the sender, where that is wanted
   */
  PipeInputStream(OutputPipe pipe, Runnable onClose) {
    this.pipe = pipe;
    this.onClose = onClose;
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] to, int from, int length) throws IOException {
    Objects.checkFromIndexSize(from, length, to.length);
    if (closed) {
      throw new IOException("The stream is closed");
    }
    try {
      return pipe.read(to, from, length);
    } catch (RuntimeException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public int available() {
    return pipe.available();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      pipe.discard();
      onClose.run();
    }
  }
}

package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Spliterator;
import java.util.Spliterators.AbstractSpliterator;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Cuts bytes into lines as they arrive; for one thread. */
final class PipeLines extends AbstractSpliterator<String> {
  /** A longer line is handed out in pieces: a process must not fill the host's memory. */
  private static final int MAX_LINE = 1 << 20;

  private static final int CHUNK = 8 << 10;

  private final Source source;
  private final byte[] chunk = new byte[CHUNK];
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int at;
  private int filled;

  /** Where the bytes are taken from. */
  private interface Source {
    int read(byte[] to, int from, int length) throws IOException;
  }

  private PipeLines(Source source) {
    super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
    this.source = source;
  }

  static Stream<String> of(OutputPipe pipe) {
    return StreamSupport.stream(new PipeLines(pipe::read), false).onClose(pipe::discard);
  }

  /** Reads a stream that fails for no other reason than an interrupt, or a SandboxException. */
  static Stream<String> of(InputStream stream) {
    return StreamSupport.stream(new PipeLines(stream::read), false)
        .onClose(
            () -> {
              try {
                stream.close();
              } catch (IOException e) {
                throw new SandboxException("The output cannot be closed: " + e.getMessage(), e);
              }
            });
  }

  @Override
  public boolean tryAdvance(Consumer<? super String> action) {
    var next = next();
    if (next == null) {
      return false;
    }
    action.accept(next);
    return true;
  }

  /** Returns the next line, or null at the end. */
  private @Nullable String next() {
    while (at < filled || fill()) {
      var end = at;
      var most = Math.min(filled, at + MAX_LINE - line.size());
      while (end < most && chunk[end] != '\n') {
        end++;
      }
      line.write(chunk, at, end - at);
      at = end;
      if (at < filled && chunk[at] == '\n') {
        at++;
        return take(true);
      }
      if (line.size() == MAX_LINE) {
        return take(false);
      }
    }
    return line.size() > 0 ? take(false) : null;
  }

  private String take(boolean whole) {
    var text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    return whole && text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  private boolean fill() {
    try {
      filled = Math.max(0, source.read(chunk, 0, CHUNK));
      at = 0;
      return filled > 0;
    } catch (InterruptedIOException e) {
      throw new SandboxException("Interrupted while waiting for a line", e);
    } catch (IOException e) {
      throw new SandboxException("The output cannot be read: " + e.getMessage(), e);
    }
  }
}

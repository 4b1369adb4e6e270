package dev.sandboxed.junit;

import dev.sandboxed.ProcessOutput;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/** An output stream whose end is kept as it is read. */
final class RecordingOutput implements ProcessOutput {
  private final ProcessOutput output;
  private final TailBuffer tail;

  RecordingOutput(ProcessOutput output, TailBuffer tail) {
    this.output = output;
    this.tail = tail;
  }

  @Override
  public InputStream stream() {
    return new RecordingStream(output.stream(), tail);
  }

  @Override
  public String text() {
    return new String(bytes(), StandardCharsets.UTF_8);
  }

  @Override
  public byte[] bytes() {
    var bytes = output.bytes();
    tail.write(bytes);
    return bytes;
  }

  @Override
  public Stream<String> lines() {
    return output.lines().peek(l -> tail.write((l + "\n").getBytes(StandardCharsets.UTF_8)));
  }

  private static final class RecordingStream extends FilterInputStream {
    private final TailBuffer tail;

    RecordingStream(InputStream in, TailBuffer tail) {
      super(in);
      this.tail = tail;
    }

    @Override
    public int read() throws IOException {
      var b = super.read();
      if (b >= 0) {
        tail.write(new byte[] {(byte) b});
      }
      return b;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      var n = super.read(bytes, offset, length);
      if (n > 0) {
        tail.write(bytes, offset, n);
      }
      return n;
    }
  }
}

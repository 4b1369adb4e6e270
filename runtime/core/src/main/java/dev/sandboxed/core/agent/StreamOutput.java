package dev.sandboxed.core.agent;

import dev.sandboxed.OutputTooLargeException;
import dev.sandboxed.ProcessOutput;
import dev.sandboxed.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/** Output that is read from a stream. */
final class StreamOutput implements ProcessOutput {
  private static final int MAX_BYTES = 64 << 20;

  private final InputStream stream;

  StreamOutput(InputStream stream) {
    this.stream = stream;
  }

  @Override
  public InputStream stream() {
    return stream;
  }

  @Override
  public String text() {
    return new String(bytes(), StandardCharsets.UTF_8);
  }

  @Override
  public byte[] bytes() {
    try {
      var bytes = stream.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new OutputTooLargeException(
            "The output is larger than %,d bytes; read it as it comes with stream() or lines()"
                .formatted(MAX_BYTES));
      }
      return bytes;
    } catch (IOException e) {
      throw new SandboxException("The output cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public Stream<String> lines() {
    return PipeLines.of(stream);
  }
}

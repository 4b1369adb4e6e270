package dev.sandboxed.core.agent;

import dev.sandboxed.OutputTooLargeException;
import dev.sandboxed.ProcessOutput;
import dev.sandboxed.SandboxException;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/** One output stream of a process inside. */
final class RemoteOutput implements ProcessOutput {
  private static final int MAX_BYTES = 64 << 20;
  private static final int CHUNK = 64 << 10;

  private final OutputPipe pipe;

  RemoteOutput(OutputPipe pipe) {
    this.pipe = pipe;
  }

  @Override
  public InputStream stream() {
    return new PipeInputStream(pipe, () -> {});
  }

  @Override
  public String text() {
    return read().toString(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] bytes() {
    return read().toByteArray();
  }

  @Override
  public Stream<String> lines() {
    return PipeLines.of(pipe);
  }

  private ByteArrayOutputStream read() {
    var bytes = new ByteArrayOutputStream();
    var chunk = new byte[CHUNK];
    try {
      for (var count = pipe.read(chunk, 0, CHUNK); count >= 0; count = pipe.read(chunk, 0, CHUNK)) {
        if (bytes.size() + count > MAX_BYTES) {
          pipe.discard();
          throw new OutputTooLargeException(
              "The output is larger than %,d bytes; read it as it comes with stream() or lines()"
                  .formatted(MAX_BYTES));
        }
        bytes.write(chunk, 0, count);
      }
    } catch (InterruptedIOException e) {
      throw new SandboxException("Interrupted while waiting for output", e);
    }
    return bytes;
  }
}

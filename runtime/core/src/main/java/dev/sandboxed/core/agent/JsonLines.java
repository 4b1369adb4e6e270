package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Reads JSON objects, one a line, from a channel; for one thread. */
final class JsonLines {
  private static final int MAX_LINE = 64 << 10;

  private final InputStream in;

  JsonLines(OutputPipe pipe) {
    in = new BufferedInputStream(new PipeInputStream(pipe, () -> {}), MAX_LINE);
  }

  /** Returns the next object, or null at the end. */
  @Nullable JsonObject next() throws IOException {
    var line = new ByteArrayOutputStream(256);
    for (var b = in.read(); b >= 0; b = in.read()) {
      if (b == '\n') {
        return JsonObject.parse(ByteBuffer.wrap(line.toByteArray()));
      }
      line.write(b);
      if (line.size() > MAX_LINE) {
        throw new ProtocolException(
            CONVERSATION, "a line of more than %,d bytes".formatted(MAX_LINE));
      }
    }
    if (line.size() > 0) {
      throw new ProtocolException(CONVERSATION, "a last line without its end");
    }
    return null;
  }
}

package dev.sandboxed.gvisor;

import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What is known of the running sandboxes of this user: each keeper describes its own in the state
 * directory. Thread-safe.
 */
final class Registry {
  private static final int MAX_LINE = 256 << 10;

  private final Path keeper;
  private final StateDirectory state;

  Registry(Path keeper, StateDirectory state) {
    this.keeper = keeper;
    this.state = state;
  }

  /** Lists those that run now. */
  List<SandboxInfo> list(SandboxFilter filter) {
    var found = new ArrayList<SandboxInfo>();
    try {
      // Who lives is told by locks that Java cannot see, so the keeper's program looks.
      var lines = Commands.read(List.of(keeper.toString(), "list", state.path().toString()));
      try (var in = new BufferedInputStream(lines)) {
        for (var line = line(in); line.length > 0; line = line(in)) {
          Descriptions.parse(JsonObject.parse(ByteBuffer.wrap(line)))
              .filter(filter::matches)
              .ifPresent(found::add);
        }
      }
    } catch (IOException e) {
      throw new SandboxException(
          "The running sandboxes in %s cannot be listed: %s"
              .formatted(state.path(), e.getMessage()),
          e);
    }
    found.sort(Comparator.comparing(SandboxInfo::created).thenComparing(SandboxInfo::id));
    return List.copyOf(found);
  }

  /** Reads a line without its end; empty at the end of all. */
  private static byte[] line(InputStream in) throws IOException {
    var line = new ByteArrayOutputStream(1024);
    for (var b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      if (line.size() == MAX_LINE) {
        throw new IOException("a description has more than %,d bytes".formatted(MAX_LINE));
      }
      line.write(b);
    }
    return line.toByteArray();
  }
}

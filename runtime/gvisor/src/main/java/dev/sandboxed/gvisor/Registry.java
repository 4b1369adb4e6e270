package dev.sandboxed.gvisor;

import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of the running sandboxes of this user: each keeper describes its own in the state
 * directory. Thread-safe.
 */
final class Registry {
  /** The highest version of descriptions that is understood here. */
  private static final int FORMAT = 1;

  private static final int MAX_LINE = 256 << 10;
  private static final JsonObject NONE = JsonObject.of(Map.of());

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
          parse(line).filter(filter::matches).ifPresent(found::add);
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

  private Optional<SandboxInfo> parse(byte[] line) throws ProtocolException {
    var info = JsonObject.parse(ByteBuffer.wrap(line));
    var format = info.number("format").orElse(0);
    if (format < 1 || format > FORMAT) {
      System.getLogger("dev.sandboxed")
          .log(
              Level.WARNING,
              "The sandbox %s is not listed: its version %s describes it in format %d, and this one reads format %d. Use that version to see it"
                  .formatted(text(info, "id"), text(info, "version"), format, FORMAT));
      return Optional.empty();
    }
    return Optional.of(
        new SandboxInfo(
            text(info, "id"),
            text(info, "app"),
            info.string("name"),
            info.object("tags").orElse(NONE).strings(),
            Instant.ofEpochMilli(info.number("createdMillis").orElse(0)),
            text(info, "image"),
            text(info, "command"),
            Duration.ofMillis(info.number("timeoutMillis").orElse(0)),
            info.number("idleTimeoutMillis").stream().mapToObj(Duration::ofMillis).findFirst(),
            info.array("ports").orElse(List.of()).stream()
                .filter(Number.class::isInstance)
                .map(p -> ((Number) p).intValue())
                .toList()));
  }

  private static String text(JsonObject info, String name) {
    return OutputTail.printable(info.string(name).orElse(""));
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

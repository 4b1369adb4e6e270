package dev.sandboxed.core.agent;

import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Protocol;
import dev.sandboxed.Connection.Verdict;
import dev.sandboxed.OutputTail;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the keeper's events about destinations, one JSON object a line, and keeps what they say.
 * Names and texts in them come from inside: they are cut and made printable. Thread-safe.
 */
final class ConnectionEvents implements Sink {
  /** How many destinations are kept; the oldest go. */
  static final int MAX_CONNECTIONS = 10_000;

  private static final int WINDOW = 1 << 20;
  private static final int MAX_LINE = 64 << 10;
  private static final int MAX_NAME = 253;
  private static final int MAX_TEXT = 500;

  private final Consumer<Connection> onRefused;
  private final Map<Long, Connection> connections =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Connection> eldest) {
          return size() > MAX_CONNECTIONS;
        }
      };
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
  private int owed;
  private IntConsumer grant = bytes -> {};

  /**
   * Makes a reader.
   *
   * @param onRefused hears of each refusal, on the connection's thread
   */
  ConnectionEvents(Consumer<Connection> onRefused) {
    this.onRefused = onRefused;
  }

  @Override
  public synchronized void open(IntConsumer granter) {
    grant = granter;
    grant.accept(WINDOW);
  }

  @Override
  public synchronized void data(ByteBuffer bytes) {
    owed += bytes.remaining();
    while (bytes.hasRemaining()) {
      var b = bytes.get();
      if (b == '\n') {
        take(line.toByteArray());
        line.reset();
      } else if (line.size() < MAX_LINE) {
        line.write(b);
      }
    }
    if (owed >= WINDOW / 4) {
      grant.accept(owed);
      owed = 0;
    }
  }

  @Override
  public void end() {
    // What came is kept.
  }

  @Override
  public void fail(RuntimeException why) {
    // What came is kept.
  }

  /** Returns the destinations so far, in the order they were tried. */
  synchronized List<Connection> list() {
    return List.copyOf(connections.values());
  }

  private void take(byte[] json) {
    JsonObject event;
    try {
      event = JsonObject.parse(ByteBuffer.wrap(json));
    } catch (ProtocolException e) {
      // The events are there to look at: a broken one must not end the sandbox, nor hide the rest.
      return;
    }
    var verdict = verdict(event.string("kind").orElse(""));
    var protocol = protocol(event.string("protocol").orElse(""));
    if (verdict == null || protocol == null) {
      return;
    }
    var id = event.number("id").orElse(0);
    var connection = connection(event, verdict, protocol, connections.get(id));
    connections.put(id, connection);
    if (verdict == Verdict.REFUSED) {
      onRefused.accept(connection);
    }
  }

  private static Connection connection(
      JsonObject event, Verdict verdict, Protocol protocol, @Nullable Connection opened) {
    return new Connection(
        opened != null
            ? opened.at()
            : Instant.ofEpochMilli(Math.max(0, event.number("atMillis").orElse(0))),
        protocol,
        text(event, "host", MAX_NAME).map(h -> h.toLowerCase(Locale.ROOT)),
        text(event, "address", MAX_NAME),
        (int) Math.max(0, Math.min(65_535, event.number("port").orElse(0))),
        verdict,
        text(event, "rule", MAX_TEXT).or(() -> opened == null ? Optional.empty() : opened.rule()),
        text(event, "message", MAX_TEXT).orElse(""),
        Math.max(0, event.number("bytesOut").orElse(0)),
        Math.max(0, event.number("bytesIn").orElse(0)),
        Math.max(1, event.number("count").orElse(1)));
  }

  private static Optional<String> text(JsonObject event, String name, int limit) {
    return event
        .string(name)
        .map(t -> t.length() > limit ? t.substring(0, limit) + "…" : t)
        .map(t -> OutputTail.printable(t).replace('\n', ' ').replace('\t', ' '))
        .filter(t -> !t.isEmpty());
  }

  private static @Nullable Verdict verdict(String kind) {
    return switch (kind) {
      case "opened" -> Verdict.OPEN;
      case "closed" -> Verdict.CLOSED;
      case "refused" -> Verdict.REFUSED;
      case "failed" -> Verdict.FAILED;
      default -> null;
    };
  }

  private static @Nullable Protocol protocol(String name) {
    return switch (name) {
      case "tcp" -> Protocol.TCP;
      case "udp" -> Protocol.UDP;
      case "dns" -> Protocol.DNS;
      default -> null;
    };
  }
}

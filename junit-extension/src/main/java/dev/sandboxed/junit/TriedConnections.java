package dev.sandboxed.junit;

import dev.sandboxed.Connection;
import dev.sandboxed.Connection.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lists the destinations that a sandbox tried to reach, each once, refused ones first. */
final class TriedConnections {
  private static final int MAX_SHOWN = 30;

  private TriedConnections() {}

  /** What is shown in one line. */
  private record Line(Verdict verdict, String destination, String message) {

    static Line of(Connection connection) {
      return new Line(connection.verdict(), connection.destination(), connection.message());
    }

    String text(long count) {
      return "  %s %s%s%s"
          .formatted(
              verdict.name().toLowerCase(Locale.ROOT),
              destination,
              count > 1 ? " (%,d times)".formatted(count) : "",
              message.isEmpty() ? "" : ": " + message);
    }

    int rank() {
      return switch (verdict) {
        case REFUSED -> 0;
        case FAILED -> 1;
        case OPEN, CLOSED -> 2;
      };
    }
  }

  /** Returns several lines without a line end after the last; nothing if nothing was tried. */
  static String describe(List<Connection> connections) {
    if (connections.isEmpty()) {
      return "";
    }
    Map<Line, Long> counts = new LinkedHashMap<>();
    connections.forEach(c -> counts.merge(Line.of(c), c.count(), Long::sum));
    var lines =
        counts.entrySet().stream()
            .sorted((a, b) -> Integer.compare(a.getKey().rank(), b.getKey().rank()))
            .map(e -> e.getKey().text(e.getValue()))
            .toList();
    var shown = lines.subList(0, Math.min(lines.size(), MAX_SHOWN));
    var rest = lines.size() - shown.size();
    return "It tried to reach:\n"
        + String.join("\n", shown)
        + (rest == 0 ? "" : "\n  and %,d other destinations".formatted(rest));
  }
}

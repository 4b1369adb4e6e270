package dev.sandboxed.core.agent;

import dev.sandboxed.LogLine;
import dev.sandboxed.LogLine.Source;
import dev.sandboxed.core.protocol.Frame;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes lines of pieces of output. Not thread-safe. */
final class LogLines {
  /** The channel of what was noted of calls; the others are the entrypoint's. */
  private static final int NOTED = 3;

  private static final int MAX_LINE = 64 << 10;

  private final Open stdout = new Open(Source.STDOUT);
  private final Open stderr = new Open(Source.STDERR);
  private final Open notes = new Open(Source.NOTE);

  /** Takes a piece; returns the lines that it ends. */
  List<LogLine> take(LogPieces.Piece piece) {
    return switch (piece.channel()) {
      case Frame.OUTPUT -> stdout.take(piece);
      case Frame.ERROR_OUTPUT -> stderr.take(piece);
      case NOTED -> notes.take(piece);
      default -> List.of();
    };
  }

  /** Returns the lines that have no end yet. */
  List<LogLine> rest() {
    var rest = new ArrayList<LogLine>();
    stdout.end().ifPresent(rest::add);
    stderr.end().ifPresent(rest::add);
    notes.end().ifPresent(rest::add);
    return rest;
  }

  private static final class Open {
    private final Source source;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private Instant began = Instant.EPOCH;

    Open(Source source) {
      this.source = source;
    }

    List<LogLine> take(LogPieces.Piece piece) {
      var lines = new ArrayList<LogLine>();
      for (var b : piece.bytes().array()) {
        if (bytes.size() == 0) {
          began = piece.at();
        }
        if (b == '\n') {
          lines.add(line());
        } else {
          bytes.write(b);
          if (bytes.size() == MAX_LINE) {
            lines.add(line());
          }
        }
      }
      return lines;
    }

    Optional<LogLine> end() {
      return bytes.size() == 0 ? Optional.empty() : Optional.of(line());
    }

    private LogLine line() {
      var text = bytes.toString(StandardCharsets.UTF_8);
      bytes.reset();
      return new LogLine(
          began, source, text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
    }
  }
}

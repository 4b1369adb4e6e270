package dev.sandboxed.core.agent;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.LogLine;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxLog;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A choice of what an entrypoint printed; see {@link SandboxLog}. */
final class KeptLog implements SandboxLog {
  private final LogSource source;
  private final int tail;
  private final Instant since;

  private KeptLog(LogSource source, int tail, Instant since) {
    this.source = source;
    this.tail = tail;
    this.since = since;
  }

  static SandboxLog of(LogSource source) {
    return new KeptLog(source, Integer.MAX_VALUE, Instant.MIN);
  }

  @Override
  public SandboxLog tail(int lines) {
    if (lines < 0) {
      throw new InvalidSpecException(
          "A log has no tail of %d lines; ask for 0 or more".formatted(lines));
    }
    return new KeptLog(source, lines, since);
  }

  @Override
  public SandboxLog since(Instant at) {
    return new KeptLog(source, tail, at);
  }

  @Override
  public List<LogLine> lines() {
    var lines = new LogLines();
    var chosen = chosen(source.now(), lines);
    lines.rest().forEach(line -> add(chosen, line));
    return List.copyOf(chosen);
  }

  @Override
  public Stream<LogLine> follow() {
    var lines = new LogLines();
    var now = source.now();
    var first = chosen(now, lines);
    var coming = source.from(now.next());
    var iterator = new Following(first, lines, coming);
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                iterator, Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .onClose(() -> close(coming));
  }

  private Deque<LogLine> chosen(LogSource.Snapshot snapshot, LogLines lines) {
    var chosen = new ArrayDeque<LogLine>();
    try {
      var pieces = new LogPieces(new ByteArrayInputStream(snapshot.pieces().array()));
      for (var piece = pieces.next(); piece.isPresent(); piece = pieces.next()) {
        lines.take(piece.get()).forEach(line -> add(chosen, line));
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return chosen;
  }

  private void add(Deque<LogLine> chosen, LogLine line) {
    if (!line.at().isBefore(since) && tail > 0) {
      if (chosen.size() == tail) {
        chosen.removeFirst();
      }
      chosen.add(line);
    }
  }

  private static void close(InputStream stream) {
    try {
      stream.close();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static SandboxException unreadable(IOException e) {
    return e.getCause() instanceof SandboxException known
        ? known
        : new SandboxException("The log of the sandbox cannot be read: " + e.getMessage(), e);
  }

  /** Hands out lines as they come. */
  private final class Following implements Iterator<LogLine> {
    private final Deque<LogLine> ready;
    private final LogLines lines;
    private final LogPieces coming;
    private boolean ended;

    Following(Deque<LogLine> first, LogLines lines, InputStream coming) {
      this.ready = new ArrayDeque<>(first);
      this.lines = lines;
      this.coming = new LogPieces(coming);
    }

    @Override
    public boolean hasNext() {
      while (ready.isEmpty() && !ended) {
        take();
      }
      return !ready.isEmpty();
    }

    @Override
    public LogLine next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the log has ended");
      }
      return ready.removeFirst();
    }

    private void take() {
      List<LogLine> more = new ArrayList<>();
      try {
        var piece = coming.next();
        ended = piece.isEmpty();
        more = piece.isPresent() ? lines.take(piece.get()) : lines.rest();
      } catch (IOException e) {
        ended = true;
        if (!(e.getCause() instanceof SandboxException)) {
          throw unreadable(e);
        }
        // The sandbox has ended: what came is all there is to be had.
        more = lines.rest();
      }
      more.stream().filter(line -> !line.at().isBefore(since)).forEach(ready::add);
    }
  }
}

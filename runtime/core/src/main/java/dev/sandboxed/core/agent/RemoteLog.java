package dev.sandboxed.core.agent;

import dev.sandboxed.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Reads what an entrypoint printed: from its keeper, and after the end from files. Thread-safe. */
final class RemoteLog implements LogSource {
  /** More than the two files of a log. */
  private static final long MAX_BYTES = 16 << 20;

  private final AgentContext context;
  private final SandboxLifecycle lifecycle;
  private final LogFiles files;

  RemoteLog(AgentContext context, SandboxLifecycle lifecycle, LogFiles files) {
    this.context = context;
    this.lifecycle = lifecycle;
    this.files = files;
  }

  @Override
  public Snapshot now() {
    if (!lifecycle.ended().isDone()) {
      try {
        return ask();
      } catch (SandboxException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        // It is ending: the files have all there is.
        lifecycle.awaitEnd(e);
      }
    }
    return new EndedLog(files).now();
  }

  private Snapshot ask() {
    var failed = new CompletableFuture<Long>();
    var sink =
        new CollectingSink(
            OutputPipe.FILE_WINDOW,
            MAX_BYTES,
            () -> failed.completeExceptionally(new SandboxException("The log is too large")));
    var stream =
        context
            .connection()
            .prepare(
                Request.of(
                        Map.of("op", "logs"), ok -> ok.number("next").orElse(0), RemoteLog::refused)
                    .withOutput(sink));
    context.connection().begin(stream);
    var next =
        Waits.join(
            stream.answer().applyToEither(failed, n -> n), "the sandbox's log", stream::cancel);
    return new Snapshot(ByteBuffer.wrap(sink.bytes()), next);
  }

  @Override
  public InputStream from(long next) {
    return lifecycle.ended().isDone()
        ? InputStream.nullInputStream()
        : follow(Map.of("from", next));
  }

  /** Reads one stream of the entrypoint from its beginning; the entrypoint waits for the reader. */
  InputStream channel(int channel) {
    return new KeptStream(
        () -> follow(Map.of("channel", channel, "hold", true)), () -> files.channel(channel));
  }

  private InputStream follow(Map<String, Object> members) {
    var message = new LinkedHashMap<String, @Nullable Object>(members);
    message.put("op", "logs");
    message.put("follow", true);
    var pipe = OutputPipe.ofWindow(OutputPipe.PROCESS_WINDOW);
    var stream =
        context
            .connection()
            .prepare(Request.of(message, ok -> ok, RemoteLog::refused).withOutput(pipe));
    context.connection().begin(stream);
    return new PipeInputStream(pipe, stream::cancel);
  }

  private static SandboxException refused(AgentError error) {
    return new SandboxException(
        "The log of the sandbox cannot be read: %s (%s)".formatted(error.message(), error.kind()));
  }

  /** Reads from the keeper, or if the sandbox has ended before the first byte, from its files. */
  private final class KeptStream extends InputStream {
    private final Opener live;
    private final Opener kept;
    private @Nullable InputStream in;
    private boolean begun;

    KeptStream(Opener live, Opener kept) {
      this.live = live;
      this.kept = kept;
    }

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public synchronized int read(byte[] to, int from, int length) throws IOException {
      if (in == null) {
        in = lifecycle.ended().isDone() ? kept.open() : live.open();
      }
      try {
        var count = in.read(to, from, length);
        begun = true;
        return count;
      } catch (IOException e) {
        if (!(e.getCause() instanceof SandboxException why)) {
          throw e;
        }
        // A program's output ends with the program, whatever ended that.
        if (begun) {
          return -1;
        }
        lifecycle.awaitEnd(why);
        begun = true;
        in = kept.open();
        return in.read(to, from, length);
      }
    }

    @Override
    public synchronized int available() throws IOException {
      return in == null ? 0 : in.available();
    }

    @Override
    public void close() throws IOException {
      var opened = in;
      if (opened != null) {
        opened.close();
      }
    }
  }

  private interface Opener {
    InputStream open() throws IOException;
  }
}

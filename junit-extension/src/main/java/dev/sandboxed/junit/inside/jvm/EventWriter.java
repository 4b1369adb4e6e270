package dev.sandboxed.junit.inside.jvm;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Prints events, in the order they happen, what tests print among them. Thread-safe. */
final class EventWriter {
  private final PrintStream to;
  private final String nonce;
  private final Output out = new Output(false);
  private final Output err = new Output(true);

  EventWriter(PrintStream to, String nonce) {
    this.to = to;
    this.nonce = nonce;
  }

  /** Returns a stream for what is printed, each line or flush of which is an event. */
  PrintStream stream(boolean error) {
    return new PrintStream(error ? err : out, true, StandardCharsets.UTF_8);
  }

  synchronized void write(String event, Map<String, ?> members) {
    out.emit();
    err.emit();
    print(event, members);
  }

  private void print(String event, Map<String, ?> members) {
    var all = new LinkedHashMap<String, Object>();
    all.put(Wire.EVENT, event);
    all.putAll(members);
    // On a line of its own, also where something that bypasses System.out has begun one.
    to.print("\n" + nonce + " " + JsonText.of(all) + "\n");
    to.flush();
  }

  /** What one stream prints; it has the writer's lock. */
  private final class Output extends OutputStream {
    private static final int SIZE = 8192;

    private final boolean error;
    private final ByteBuffer bytes = ByteBuffer.allocate(SIZE);
    private final CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);

    Output(boolean error) {
      this.error = error;
    }

    @Override
    public void write(int b) {
      synchronized (EventWriter.this) {
        bytes.put((byte) b);
        if (b == '\n' || !bytes.hasRemaining()) {
          emit();
        }
      }
    }

    @Override
    public void write(byte[] source, int offset, int length) {
      synchronized (EventWriter.this) {
        var next = offset;
        var left = length;
        while (left > 0) {
          var count = Math.min(left, bytes.remaining());
          bytes.put(source, next, count);
          next += count;
          left -= count;
          if (!bytes.hasRemaining() || (left == 0 && source[next - 1] == '\n')) {
            emit();
          }
        }
      }
    }

    @Override
    public void flush() {
      synchronized (EventWriter.this) {
        emit();
      }
    }

    private void emit() {
      bytes.flip();
      var chars = CharBuffer.allocate(SIZE);
      decoder.decode(bytes, chars, false);
      bytes.compact();
      if (chars.flip().hasRemaining()) {
        print(Wire.OUTPUT, Map.of("error", error, "text", chars.toString()));
      }
    }
  }
}

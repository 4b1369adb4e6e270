package dev.sandboxed.benchmarks.micro;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandboxed.core.protocol.Frame;
import dev.sandboxed.core.protocol.FrameReader;
import dev.sandboxed.core.protocol.FrameType;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Reading what comes out of a sandbox. */
@State(Scope.Thread)
public class Frames {
  private static final int FRAMES = 1000;
  private static final int LARGE = 64 << 10;

  private byte[] small = {};
  private byte[] large = {};
  private byte[] told = {};

  /** Writes the frames. */
  @Setup
  public void write() throws IOException {
    small = data(100);
    large = data(LARGE);
    var out = new ByteArrayOutputStream();
    for (var i = 0; i < FRAMES; i++) {
      var json = "{\"pid\": %d, \"code\": 0, \"reason\": \"exited\"}".formatted(i);
      var frame =
          Frame.json(1, FrameType.RESULT, JsonObject.parse(ByteBuffer.wrap(json.getBytes(UTF_8))));
      out.write(frame.array(), 0, frame.limit());
    }
    told = out.toByteArray();
  }

  private static byte[] data(int bytes) {
    var out = new ByteArrayOutputStream();
    for (var i = 0; i < FRAMES; i++) {
      out.writeBytes(Frame.header(1, FrameType.DATA, Frame.OUTPUT, bytes).array());
      out.writeBytes(new byte[bytes]);
    }
    return out.toByteArray();
  }

  /** Cuts a thousand frames of 100 bytes. */
  @Benchmark
  public int readThousandSmallFrames() throws IOException {
    return read(small, false);
  }

  /** Cuts a thousand frames of 64 KiB. */
  @Benchmark
  public int readThousandLargeFrames() throws IOException {
    return read(large, false);
  }

  /** Cuts and parses a thousand frames of JSON. */
  @Benchmark
  public int readThousandFramesOfJson() throws IOException {
    return read(told, true);
  }

  private static int read(byte[] bytes, boolean json) throws IOException {
    var reader = new FrameReader(Channels.newChannel(new ByteArrayInputStream(bytes)));
    var sum = 0;
    while (reader.read()) {
      for (var frame = reader.next(); frame != null; frame = reader.next()) {
        sum += json ? frame.json().hashCode() : frame.payload().remaining();
      }
    }
    return sum;
  }
}

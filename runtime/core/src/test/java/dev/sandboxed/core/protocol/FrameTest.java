package dev.sandboxed.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FrameTest {

  static List<FrameVectors.Valid> valid() throws IOException {
    return FrameVectors.valid();
  }

  static List<FrameVectors.Invalid> invalid() throws IOException {
    return FrameVectors.invalid();
  }

  @ParameterizedTest
  @MethodSource("valid")
  void decodes_valid_frames(FrameVectors.Valid vector) throws IOException {
    var frames = read(vector.encoded());

    assertThat(frames).hasSize(1);
    var frame = frames.get(0);
    assertThat(frame.stream()).isEqualTo(vector.stream());
    assertThat(frame.type()).isEqualTo(vector.type());
    assertThat(frame.channel()).isEqualTo(vector.channel());
    assertThat(bytes(frame.payload())).isEqualTo(vector.payload());
  }

  @ParameterizedTest
  @MethodSource("valid")
  void encodes_valid_frames(FrameVectors.Valid vector) {
    var payload = vector.payload();
    var encoded = new ByteArrayOutputStream();
    encoded.writeBytes(
        Frame.header(vector.stream(), vector.type(), vector.channel(), payload.length).array());
    encoded.writeBytes(payload);

    assertThat(encoded.toByteArray()).isEqualTo(vector.encoded());
  }

  @ParameterizedTest
  @MethodSource("invalid")
  void refuses_invalid_frames(FrameVectors.Invalid vector) {
    assertThatExceptionOfType(ProtocolException.class)
        .isThrownBy(() -> read(vector.encoded()))
        .satisfies(e -> assertThat(e.rule()).isEqualTo(vector.rule()));
  }

  @Test
  void writes_credit_and_json_as_whole_frames() throws IOException {
    var credit = read(Frame.credit(7, Frame.OUTPUT, 65_536).array()).get(0);
    assertThat(credit.credit()).isEqualTo(65_536);

    var json = read(Frame.json(9, FrameType.CONTROL, JsonObject.of(Map.of("a", 1))).array()).get(0);
    assertThat(json.stream()).isEqualTo(9);
    assertThat(json.json().number("a")).hasValue(1);
  }

  @Test
  void reads_many_frames_whatever_the_pieces_they_arrive_in() throws IOException {
    var all = new ByteArrayOutputStream();
    var payload = new byte[300_000];
    for (var i = 1; i <= 12; i++) {
      payload[0] = (byte) i;
      all.writeBytes(Frame.header(i, FrameType.DATA, Frame.OUTPUT, payload.length).array());
      all.writeBytes(payload);
      all.writeBytes(Frame.header(i, FrameType.END, Frame.OUTPUT, 0).array());
    }

    var frames = read(all.toByteArray());

    assertThat(frames).hasSize(24);
    for (var i = 1; i <= 12; i++) {
      var data = frames.get(2 * i - 2);
      assertThat(data.stream()).isEqualTo(i);
      assertThat(data.payload().remaining()).isEqualTo(payload.length);
      assertThat(data.payload().get(0)).isEqualTo((byte) i);
      assertThat(frames.get(2 * i - 1).type()).isEqualTo(FrameType.END);
    }
  }

  /** Reads all frames, with copies of their payloads; checks JSON as a receiver does. */
  static List<Frame> read(byte[] encoded) throws IOException {
    var reader = new FrameReader(Channels.newChannel(new ByteArrayInputStream(encoded)));
    var frames = new ArrayList<Frame>();
    do {
      for (var frame = reader.next(); frame != null; frame = reader.next()) {
        if (frame.type().isJson()) {
          frame.json();
        }
        frames.add(
            new Frame(
                frame.stream(),
                frame.type(),
                frame.channel(),
                ByteBuffer.wrap(bytes(frame.payload()))));
      }
    } while (reader.read());
    assertThat(reader.next()).isNull();
    return frames;
  }

  private static byte[] bytes(ByteBuffer buffer) {
    var bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}

package dev.sandboxed.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Whatever bytes a peer sends, the decoder returns frames or throws its one exception. */
class HostileFramesTest {

  @Property(tries = 2000)
  void random_bytes_are_frames_or_refused(@ForAll @Size(max = 400) byte[] bytes)
      throws IOException {
    decode(bytes);
  }

  @Property(tries = 3000)
  void mutated_frames_are_frames_or_refused(
      @ForAll("vectors") byte[] encoded,
      @ForAll @IntRange(max = 4096) int place,
      @ForAll byte value,
      @ForAll @IntRange(max = 64) int cut)
      throws IOException {
    var mutated = java.util.Arrays.copyOf(encoded, Math.max(0, encoded.length - cut % 20));
    if (mutated.length > 0) {
      mutated[place % mutated.length] = value;
    }
    decode(mutated);
  }

  @Property(tries = 2000)
  void random_text_is_an_object_or_refused(@ForAll("jsonLike") String text) {
    try {
      JsonObject.parse(ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    } catch (ProtocolException e) {
      assertThat(e.rule()).isIn(ProtocolException.Rule.JSON, ProtocolException.Rule.DEPTH);
    }
  }

  @Property(tries = 500)
  void objects_survive_the_way_there_and_back(@ForAll("objects") JsonObject object)
      throws IOException {
    var again = JsonObject.parse(ByteBuffer.wrap(object.toBytes()));

    assertThat(again.toString()).isEqualTo(object.toString());
  }

  @Provide
  Arbitrary<byte[]> vectors() throws IOException {
    var encoded =
        java.util.stream.Stream.concat(
                FrameVectors.valid().stream().map(FrameVectors.Valid::encoded),
                FrameVectors.invalid().stream().map(FrameVectors.Invalid::encoded))
            .toList();
    return Arbitraries.of(encoded);
  }

  @Provide
  Arbitrary<String> jsonLike() {
    return Arbitraries.of(
            "{",
            "}",
            "[",
            "]",
            "\"a\"",
            ":",
            ",",
            "1",
            "-",
            "1e9",
            "1e999999",
            "true",
            "null",
            "\\u0000",
            "\"\\ud800\"",
            "\"",
            "\\",
            " ",
            "\n",
            "\u0001",
            "é",
            "12345678901234567890123")
        .list()
        .ofMaxSize(40)
        .map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<JsonObject> objects() {
    var leaf =
        Arbitraries.oneOf(
            Arbitraries.strings().ofMaxLength(10).map(Object.class::cast),
            Arbitraries.longs().map(Object.class::cast),
            Arbitraries.of(true, false).map(Object.class::cast));
    Arbitrary<Object> value =
        Arbitraries.oneOf(leaf, leaf.list().ofMaxSize(4).map(Object.class::cast));
    return Arbitraries.maps(Arbitraries.strings().ofMaxLength(8), value)
        .ofMaxSize(6)
        .map(JsonObject::of);
  }

  private static List<Frame> decode(byte[] bytes) throws IOException {
    try {
      return FrameTest.read(bytes);
    } catch (ProtocolException refused) {
      return List.of();
    }
  }
}

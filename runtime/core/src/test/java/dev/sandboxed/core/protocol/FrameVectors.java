package dev.sandboxed.core.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/** The frames that the native tests run too. */
final class FrameVectors {
  private static final Path FILE = Path.of("../native/testdata/frames.json");

  private FrameVectors() {}

  record Valid(
      String name, byte[] encoded, int stream, FrameType type, int channel, byte[] payload) {
    @Override
    public String toString() {
      return name;
    }
  }

  record Invalid(String name, byte[] encoded, ProtocolException.Rule rule) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Valid> valid() throws IOException {
    return cases("valid").stream()
        .map(
            c ->
                new Valid(
                    c.string("name").orElseThrow(),
                    bytes(c, "hex"),
                    Math.toIntExact(c.number("stream").orElseThrow()),
                    FrameType.valueOf(c.string("type").orElseThrow()),
                    Math.toIntExact(c.number("channel").orElseThrow()),
                    bytes(c, "payload")))
        .toList();
  }

  static List<Invalid> invalid() throws IOException {
    return cases("invalid").stream()
        .map(
            c ->
                new Invalid(
                    c.string("name").orElseThrow(),
                    bytes(c, "hex"),
                    ProtocolException.Rule.valueOf(c.string("error").orElseThrow())))
        .toList();
  }

  private static List<JsonObject> cases(String kind) throws IOException {
    return JsonObject.parse(ByteBuffer.wrap(Files.readAllBytes(FILE)))
        .array(kind)
        .orElseThrow()
        .stream()
        .map(JsonObject.class::cast)
        .toList();
  }

  private static byte[] bytes(JsonObject object, String name) {
    return HexFormat.of().parseHex(object.string(name).orElseThrow());
  }
}

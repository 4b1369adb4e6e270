package dev.sandboxed.core.image;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * What is remembered of a step: the layer that it made.
 *
 * @param key the step's key
 * @param layer the layer's digest
 * @param made when it was made; empty if that is not known
 */
record StepRecord(String key, String layer, Optional<Instant> made) {
  /** Makes one of a step that another machine has taken. */
  StepRecord(String key, String layer) {
    this(key, layer, Optional.empty());
  }

  byte[] toBytes() {
    var members = new LinkedHashMap<String, String>();
    members.put("key", key);
    members.put("layer", layer);
    made.ifPresent(time -> members.put("made", time.toString()));
    return JsonObject.of(members).toBytes();
  }

  /** Parses what {@link #toBytes} wrote; empty if it is damaged, or of another key. */
  static Optional<StepRecord> parse(byte[] bytes, String key) {
    try {
      var message = JsonObject.parse(ByteBuffer.wrap(bytes));
      return message
          .string("layer")
          .filter(KeyDigest::isDigest)
          .filter(layer -> message.string("key").filter(key::equals).isPresent())
          .map(
              layer ->
                  new StepRecord(key, layer, message.string("made").flatMap(StepRecord::time)));
    } catch (ProtocolException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<Instant> time(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}

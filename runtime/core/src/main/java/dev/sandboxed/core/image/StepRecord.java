package dev.sandboxed.core.image;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/**
 * What is remembered of a step: the layer that it made.
 *
 * @param key the step's key
 * @param layer the layer's digest
 */
record StepRecord(String key, String layer) {
  byte[] toBytes() {
    return JsonObject.of(Map.of("key", key, "layer", layer)).toBytes();
  }

  /** Parses what {@link #toBytes} wrote; empty if it is damaged, or of another key. */
  static Optional<StepRecord> parse(byte[] bytes, String key) {
    try {
      var message = JsonObject.parse(ByteBuffer.wrap(bytes));
      return message
          .string("layer")
          .filter(KeyDigest::isDigest)
          .filter(layer -> message.string("key").filter(key::equals).isPresent())
          .map(layer -> new StepRecord(key, layer));
    } catch (ProtocolException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}

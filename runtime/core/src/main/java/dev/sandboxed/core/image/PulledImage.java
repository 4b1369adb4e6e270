package dev.sandboxed.core.image;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import dev.sandboxed.core.registry.Digest;
import dev.sandboxed.core.registry.ImageConfig;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is remembered of a reference: what it led to, and when.
 *
 * @param answered the digest of what the registry had for it
 * @param erofs the digest of the image's file
 * @param config what applies to programs in it
 * @param at when the registry was asked
 */
record PulledImage(Digest answered, String erofs, ImageConfig config, Instant at) {
  PulledImage askedAt(Instant time) {
    return new PulledImage(answered, erofs, config, time);
  }

  byte[] toBytes() {
    return JsonObject.of(
            Map.of(
                "answered",
                answered.text(),
                "erofs",
                erofs,
                "env",
                JsonObject.of(config.environment()),
                "workdir",
                config.workingDirectory(),
                "user",
                config.user().orElse(""),
                "entrypoint",
                config.entrypoint(),
                "atMillis",
                at.toEpochMilli()))
        .toBytes();
  }

  /** Parses what {@link #toBytes} wrote; empty if it is damaged. */
  static Optional<PulledImage> parse(byte[] bytes) {
    try {
      var message = JsonObject.parse(ByteBuffer.wrap(bytes));
      var erofs = message.string("erofs").orElse("");
      if (!erofs.matches("[0-9a-f]{64}")) {
        return Optional.empty();
      }
      return Optional.of(
          new PulledImage(
              new Digest(message.string("answered").orElse("")),
              erofs,
              new ImageConfig(
                  message.object("env").map(JsonObject::strings).orElse(Map.of()),
                  message.string("workdir").orElse("/"),
                  message.string("user").filter(u -> !u.isEmpty()),
                  message.array("entrypoint").orElse(List.of()).stream()
                      .filter(String.class::isInstance)
                      .map(String.class::cast)
                      .toList()),
              Instant.ofEpochMilli(message.number("atMillis").orElse(0))));
    } catch (ProtocolException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}

package dev.sandboxed.core.image;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import dev.sandboxed.core.registry.ImageConfig;
import java.nio.ByteBuffer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A snapshot as it is kept: on what files it lies, and what is over them.
 *
 * @param base the digest of the EROFS file at the bottom
 * @param layers the digests of the layers over it, the lowest first; at least one
 * @param mounts host directories that belong to the image
 * @param config what programs in it start with
 * @param expires when it may be removed; never by itself if empty
 */
record SnapshotRecord(
    String base,
    List<String> layers,
    List<HostMount> mounts,
    ImageConfig config,
    Optional<Instant> expires) {
  private static final int FORMAT = 1;

  SnapshotRecord {
    layers = List.copyOf(layers);
    mounts = List.copyOf(mounts);
  }

  boolean isExpired(Instant now) {
    return expires.filter(time -> !time.isAfter(now)).isPresent();
  }

  /** Returns the same snapshot with the longer of two lives. */
  SnapshotRecord living(SnapshotRecord other) {
    Optional<Instant> longer =
        expires.flatMap(one -> other.expires.map(two -> one.isAfter(two) ? one : two));
    return new SnapshotRecord(base, layers, mounts, config, longer);
  }

  /** Returns a root that is its file alone, which nothing can make again. */
  static RootTree base(String file) {
    return new RootTree.Base(
        file,
        () -> {
          throw new RootFiles.MissingLayerException(file, Optional.empty());
        });
  }

  /** Returns the image; its base must be there, since nothing can make it again. */
  ResolvedImage image() {
    RootTree root = base(base);
    for (String layer : layers) {
      root = RootTree.Layered.of(root, layer, Optional.empty());
    }
    return ResolvedImage.of(root, mounts, config);
  }

  byte[] toBytes() {
    return toJson().toBytes();
  }

  JsonObject toJson() {
    var members = new LinkedHashMap<String, Object>();
    members.put("format", FORMAT);
    members.put("base", base);
    members.put("layers", layers);
    members.put("sources", mounts.stream().map(mount -> mount.source().toString()).toList());
    members.put("targets", mounts.stream().map(HostMount::target).toList());
    members.put("env", JsonObject.of(config.environment()));
    members.put("workdir", config.workingDirectory());
    members.put("user", config.user().orElse(""));
    members.put("entrypoint", config.entrypoint());
    expires.ifPresent(time -> members.put("expiresMillis", time.toEpochMilli()));
    return JsonObject.of(members);
  }

  /** Parses what {@link #toBytes} wrote; empty if it is damaged. */
  static Optional<SnapshotRecord> parse(byte[] bytes) {
    try {
      var message = JsonObject.parse(ByteBuffer.wrap(bytes));
      var base = message.string("base").filter(KeyDigest::isDigest);
      var layers = texts(message, "layers");
      var sources = texts(message, "sources");
      var targets = texts(message, "targets");
      if (message.number("format").orElse(0) != FORMAT
          || base.isEmpty()
          || layers.isEmpty()
          || !layers.stream().allMatch(KeyDigest::isDigest)
          || sources.size() != targets.size()) {
        return Optional.empty();
      }
      var mounts = new ArrayList<HostMount>();
      for (int i = 0; i < sources.size(); i++) {
        mounts.add(new HostMount(Path.of(sources.get(i)), targets.get(i)));
      }
      var expires = message.number("expiresMillis");
      return Optional.of(
          new SnapshotRecord(
              base.get(),
              layers,
              mounts,
              new ImageConfig(
                  message.object("env").map(JsonObject::strings).orElse(Map.of()),
                  message.string("workdir").orElse("/"),
                  message.string("user").filter(user -> !user.isEmpty()),
                  texts(message, "entrypoint")),
              expires.isPresent()
                  ? Optional.of(Instant.ofEpochMilli(expires.getAsLong()))
                  : Optional.empty()));
    } catch (ProtocolException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static List<String> texts(JsonObject message, String name) {
    return message.array(name).orElse(List.of()).stream()
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .toList();
  }
}

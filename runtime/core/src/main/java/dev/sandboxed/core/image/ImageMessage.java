package dev.sandboxed.core.image;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the image that a sandbox was started from for other processes, which may take a snapshot
 * of the sandbox: by then the same source might give another image.
 */
public final class ImageMessage {
  private ImageMessage() {}

  /** Returns a message that {@link #parse} reads. */
  public static JsonObject of(PreparedImage image) {
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put("digest", image.digest());
    message.put("erofs", image.erofs().toString());
    message.put("sources", image.mounts().stream().map(m -> m.source().toString()).toList());
    message.put("targets", image.mounts().stream().map(HostMount::target).toList());
    message.put("env", JsonObject.of(image.environment()));
    message.put("workdir", image.workingDirectory());
    message.put("user", image.user().orElse(null));
    message.put("entrypoint", image.entrypoint());
    return JsonObject.of(message);
  }

  /**
   * Reads what {@link #of} wrote.
   *
   * @throws ProtocolException if it is damaged
   */
  public static PreparedImage parse(JsonObject message) throws ProtocolException {
    var digest = message.string("digest").filter(KeyDigest::isDigest);
    var erofs = message.string("erofs");
    var sources = texts(message, "sources");
    var targets = texts(message, "targets");
    if (digest.isEmpty() || erofs.isEmpty() || sources.size() != targets.size()) {
      throw new ProtocolException(CONVERSATION, "an image of which parts are missing");
    }
    try {
      var mounts = new ArrayList<HostMount>();
      for (int i = 0; i < sources.size(); i++) {
        mounts.add(new HostMount(Path.of(sources.get(i)), targets.get(i)));
      }
      return new PreparedImage(
          digest.get(),
          Path.of(erofs.get()),
          mounts,
          message.object("env").map(JsonObject::strings).orElse(Map.of()),
          message.string("workdir").orElse("/"),
          message.string("user"),
          texts(message, "entrypoint"));
    } catch (InvalidPathException e) {
      throw new ProtocolException(CONVERSATION, "an image with a malformed path");
    }
  }

  private static List<String> texts(JsonObject message, String name) {
    return message.array(name).orElse(List.of()).stream()
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .toList();
  }
}

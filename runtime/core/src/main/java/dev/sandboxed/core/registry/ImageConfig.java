package dev.sandboxed.core.registry;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What an image says of the programs in it, as far as it applies to a sandbox.
 *
 * @param environment variables that programs start with
 * @param workingDirectory where they start, absolute
 * @param user who runs them; root if empty
 * @param entrypoint what stands before a command
 */
public record ImageConfig(
    Map<String, String> environment,
    String workingDirectory,
    Optional<String> user,
    List<String> entrypoint) {
  private static final int MAX_TEXT = 64 << 10;
  private static final int MAX_TOTAL = 128 << 10;
  private static final Pattern USER =
      Pattern.compile("[^\\x00-\\x20\\x7f:]{1,64}(:[^\\x00-\\x20\\x7f:]{1,64})?");

  public ImageConfig {
    environment = Map.copyOf(environment);
    entrypoint = List.copyOf(entrypoint);
  }

  /**
   * A configuration with the digests of what its layers unpack to.
   *
   * @param config what applies to a sandbox
   * @param layers the digests, the lowest layer's first
   */
  record Described(ImageConfig config, List<Digest> layers) {}

  /**
   * Parses an image's configuration.
   *
   * @param architecture what programs must be for
   */
  static Described parse(byte[] bytes, String architecture) throws RegistryException {
    var node = Json.object(bytes, "The image's configuration");
    var os = Json.text(node, "os").orElse("");
    var given = Json.text(node, "architecture").orElse("");
    if (!os.equals("linux") || !given.equals(architecture)) {
      throw RegistryException.invalid(
          "The image is for %s/%s, and this machine runs linux/%s; choose an image for that"
              .formatted(RegistryHttp.shown(os), RegistryHttp.shown(given), architecture));
    }
    var layers = new ArrayList<Digest>();
    for (var digest : Json.texts(node.path("rootfs"), "diff_ids")) {
      if (!Digest.isDigest(digest)) {
        throw RegistryException.invalid("The image's configuration has a malformed digest");
      }
      layers.add(new Digest(digest));
    }
    var config = node.path("config");
    var environment = new LinkedHashMap<String, String>();
    for (var variable : Json.texts(config, "Env")) {
      var equals = variable.indexOf('=');
      if (equals > 0) {
        environment.put(
            checked(variable.substring(0, equals)), checked(variable.substring(equals + 1)));
      }
    }
    var total =
        environment.entrySet().stream().mapToInt(e -> e.getKey().length() + e.getValue().length());
    if (total.sum() > MAX_TOTAL) {
      throw RegistryException.invalid("The image's environment is too long: refused");
    }
    var entrypoint = new ArrayList<String>();
    for (var argument : Json.texts(config, "Entrypoint")) {
      entrypoint.add(checked(argument));
    }
    if (!entrypoint.isEmpty() && entrypoint.get(0).isEmpty()) {
      entrypoint.clear();
    }
    var user = Json.text(config, "User");
    if (user.isPresent() && !USER.matcher(user.get()).matches()) {
      throw RegistryException.invalid(
          "The image's user \"%s\" is malformed".formatted(RegistryHttp.shown(user.get())));
    }
    return new Described(
        new ImageConfig(environment, directory(Json.text(config, "WorkingDir")), user, entrypoint),
        List.copyOf(layers));
  }

  private static String directory(Optional<String> text) throws RegistryException {
    if (text.isEmpty()) {
      return "/";
    }
    var parts = new ArrayList<String>();
    for (var part : checked(text.get()).split("/")) {
      if (part.equals("..")) {
        throw RegistryException.invalid(
            "The image's working directory \"%s\" climbs up: refused"
                .formatted(RegistryHttp.shown(text.get())));
      }
      if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
    }
    var directory = "/" + String.join("/", parts);
    if (directory.length() > 4000) {
      throw RegistryException.invalid("The image's working directory is too long: refused");
    }
    return directory;
  }

  private static String checked(String text) throws RegistryException {
    if (text.length() > MAX_TEXT || text.indexOf('\0') >= 0) {
      throw RegistryException.invalid(
          "The image's configuration has a text that is too long or holds a NUL: refused");
    }
    return text;
  }
}

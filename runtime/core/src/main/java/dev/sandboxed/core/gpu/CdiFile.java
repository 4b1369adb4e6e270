package dev.sandboxed.core.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * One description file of the Container Device Interface.
 *
 * @param kind what its devices are, such as {@code nvidia.com/gpu}
 * @param devices what each device needs, by name, with what all of the file's need
 * @see <a
 *     href="https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md">Container
 *     Device Interface</a>
 */
record CdiFile(String kind, Map<String, CdiEdits> devices) {
  private static final long MAX_BYTES = 1 << 20;
  private static final int MAX_ENTRIES = 4096;
  private static final int MAX_TEXT = 4096;

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read or says what no device can mean
   */
  static CdiFile read(Path file) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
      throw new IOException(file + " is no file of at most 1 MiB");
    }
    var text = Files.readString(file, StandardCharsets.UTF_8);
    JsonNode root;
    try {
      root = mapper(file).readTree(text);
    } catch (JacksonException e) {
      var where = e.getLocation();
      throw new IOException(
          "%s cannot be read (line %d)".formatted(file, where == null ? 0 : where.getLineNr()), e);
    }
    try {
      return of(root);
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static ObjectMapper mapper(Path file) {
    return file.toString().endsWith(".json") ? new JsonMapper() : new YAMLMapper();
  }

  private static CdiFile of(JsonNode root) {
    var version = text(root, "cdiVersion");
    if (!version.matches("[01]\\.\\d{1,3}\\.\\d{1,3}")) {
      throw new IllegalArgumentException("its cdiVersion is " + version + ", not 0.x or 1.x");
    }
    var common = edits(root.path("containerEdits"));
    var devices = new LinkedHashMap<String, CdiEdits>();
    for (var device : list(root, "devices")) {
      var name = text(device, "name");
      if (devices.put(name, common.and(edits(device.path("containerEdits")))) != null) {
        throw new IllegalArgumentException("it has two devices " + name);
      }
    }
    return new CdiFile(text(root, "kind"), devices);
  }

  private static CdiEdits edits(JsonNode node) {
    var environment = new LinkedHashMap<String, String>();
    for (var variable : list(node, "env")) {
      var both = string(variable, "env").split("=", 2);
      if (both.length < 2 || both[0].isEmpty()) {
        throw new IllegalArgumentException("the variable " + both[0] + " has no value");
      }
      environment.put(both[0], both[1]);
    }
    var nodes = new ArrayList<CdiEdits.Node>();
    for (var device : list(node, "deviceNodes")) {
      var path = path(text(device, "path"));
      var hostPath = device.path("hostPath").isMissingNode() ? path : text(device, "hostPath");
      nodes.add(new CdiEdits.Node(path, path(hostPath), number(device)));
    }
    var mounts = new LinkedHashMap<String, String>();
    for (var mount : list(node, "mounts")) {
      mounts.put(path(text(mount, "containerPath")), path(text(mount, "hostPath")));
    }
    var hooks = new ArrayList<List<String>>();
    for (var hook : list(node, "hooks")) {
      var command = new ArrayList<String>();
      command.add(text(hook, "path"));
      list(hook, "args").forEach(a -> command.add(string(a, "args")));
      hooks.add(List.copyOf(command));
    }
    return new CdiEdits(environment, nodes, mounts, hooks);
  }

  private static Optional<DeviceNumber> number(JsonNode device) {
    var major = device.path("major");
    var minor = device.path("minor");
    return major.canConvertToInt() && minor.canConvertToInt() && major.intValue() > 0
        ? Optional.of(new DeviceNumber(major.intValue(), minor.intValue()))
        : Optional.empty();
  }

  private static List<JsonNode> list(JsonNode node, String member) {
    var list = node.path(member);
    if (list.isMissingNode() || list.isNull()) {
      return List.of();
    }
    if (!list.isArray() || list.size() > MAX_ENTRIES) {
      throw new IllegalArgumentException(
          "%s is no list of at most %,d entries".formatted(member, MAX_ENTRIES));
    }
    return List.copyOf(list.values());
  }

  private static String text(JsonNode node, String member) {
    return string(node.path(member), member);
  }

  private static String string(JsonNode value, String member) {
    // A name such as 0 is a number to YAML.
    if (!value.isString() && !value.isIntegralNumber()) {
      throw new IllegalArgumentException(member + " is missing or no text");
    }
    var text = value.asString();
    if (text.isEmpty() || text.length() > MAX_TEXT || text.chars().anyMatch(c -> c < ' ')) {
      throw new IllegalArgumentException(member + " is empty, too long or unprintable");
    }
    return text;
  }

  private static String path(String text) {
    if (!text.startsWith("/") || !Path.of(text).normalize().toString().equals(text)) {
      throw new IllegalArgumentException(text + " is not an absolute, normalised path");
    }
    return text;
  }
}

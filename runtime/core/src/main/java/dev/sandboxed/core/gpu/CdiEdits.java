package dev.sandboxed.core.gpu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a device description changes about a container.
 *
 * @param environment variables
 * @param nodes device nodes
 * @param mounts the host's path of each path inside
 * @param hooks programs that it wants to have run
 */
record CdiEdits(
    Map<String, String> environment,
    List<Node> nodes,
    Map<String, String> mounts,
    List<List<String>> hooks) {

  static final CdiEdits NONE = new CdiEdits(Map.of(), List.of(), Map.of(), List.of());

  CdiEdits {
    environment = Map.copyOf(environment);
    nodes = List.copyOf(nodes);
    mounts = Map.copyOf(mounts);
    hooks = List.copyOf(hooks);
  }

  /**
   * A device node.
   *
   * @param path where it is inside
   * @param hostPath where it is on the host
   * @param number its numbers, if the description has them
   */
  record Node(String path, String hostPath, Optional<DeviceNumber> number) {}

  /** Returns both, each thing once. */
  CdiEdits and(CdiEdits other) {
    var bothEnvironments = new LinkedHashMap<>(environment);
    bothEnvironments.putAll(other.environment);
    var bothMounts = new LinkedHashMap<>(mounts);
    bothMounts.putAll(other.mounts);
    var bothNodes = new LinkedHashMap<String, Node>();
    nodes.forEach(n -> bothNodes.put(n.path(), n));
    other.nodes.forEach(n -> bothNodes.put(n.path(), n));
    var bothHooks = new ArrayList<>(hooks);
    other.hooks.stream().filter(h -> !bothHooks.contains(h)).forEach(bothHooks::add);
    return new CdiEdits(bothEnvironments, List.copyOf(bothNodes.values()), bothMounts, bothHooks);
  }
}

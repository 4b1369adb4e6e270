package dev.sandboxed.gvisor;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount;
import dev.sandboxed.SandboxSpec;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the host directories of a spec come into a sandbox. The runtime can lay copies over all
 * writable mounts or over none; where a spec wants both, it puts them aside and the agent places
 * them.
 */
final class HostMounts {
  /** Where mounts are put aside, until the agent has placed them. */
  private static final String ASIDE = "/.sandboxed-mounts/";

  private HostMounts() {}

  /** Returns whether the runtime lays copies over the mounts. */
  static boolean copied(SandboxSpec spec) {
    return has(spec, Mount.Access.COPY_ON_WRITE) && !placedByAgent(spec);
  }

  /**
   * Adds the mounts to the runtime's spec.
   *
   * @return what is left for the agent to place, as the keeper is told it; parents first
   */
  static List<Map<String, Object>> add(SandboxSpec spec, RuntimeSpec runtime) {
    var aside = new ArrayList<Map<String, Object>>();
    new TreeMap<>(spec.mounts())
        .forEach(
            (target, mount) -> {
              if (!Files.exists(mount.source())) {
                throw new InvalidSpecException(
                    "%s cannot be mounted at %s: it does not exist on the host"
                        .formatted(mount.source(), target));
              }
              if (placedByAgent(spec)) {
                var from = ASIDE + aside.size();
                var copy = mount.access() == Mount.Access.COPY_ON_WRITE;
                runtime.hostMount(from, copy ? Mount.readOnly(mount.source()) : mount);
                aside.add(Map.of("from", from, "to", target, "copyOnWrite", copy));
              } else {
                runtime.hostMount(target, mount);
              }
            });
    return aside;
  }

  private static boolean placedByAgent(SandboxSpec spec) {
    return has(spec, Mount.Access.COPY_ON_WRITE) && has(spec, Mount.Access.WRITABLE);
  }

  private static boolean has(SandboxSpec spec, Mount.Access access) {
    return spec.mounts().values().stream().anyMatch(m -> m.access() == access);
  }
}

package dev.sandboxed.gvisor;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount.Access;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.volume.HostVolumes;
import dev.sandboxed.core.volume.VolumeMount;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How the host directories and volumes of a spec come into a sandbox. The runtime can lay copies
 * over all writable mounts or over none; where a spec wants both, it puts them aside and the agent
 * places them.
 */
final class HostMounts {
  /** Where mounts are put aside, until the agent has placed them. */
  private static final String ASIDE = "/.sandboxed-mounts/";

  /** Where the keeper mounts parts of volumes for the runtime. */
  private static final String PARTS = "{{directory}}/volumes/";

  /** By target, so parents come first. */
  private final SortedMap<String, Bind> binds = new TreeMap<>();

  private final List<VolumeMount> volumes = new ArrayList<>();

  private record Bind(String source, Access access) {}

  private HostMounts() {}

  /** Gets everything ready that a spec mounts; volumes that are missing are made. */
  static HostMounts of(SandboxSpec spec, HostVolumes volumes) {
    var mounts = new HostMounts();
    spec.mounts()
        .forEach(
            (target, mount) -> {
              if (!Files.exists(mount.source())) {
                throw new InvalidSpecException(
                    "%s cannot be mounted at %s: it does not exist on the host"
                        .formatted(mount.source(), target));
              }
              mounts.binds.put(target, new Bind(mount.source().toString(), mount.access()));
            });
    spec.volumes()
        .forEach(
            (target, volume) ->
                mounts.add(
                    target,
                    volumes.mount(volume),
                    volume.isReadOnly() ? Access.READ_ONLY : Access.WRITABLE));
    return mounts;
  }

  /** Returns whether the runtime lays copies over the mounts. */
  boolean copied() {
    return has(Access.COPY_ON_WRITE) && !placedByAgent();
  }

  /**
   * Adds the mounts to the runtime's spec.
   *
   * @return what is left for the agent to place, as the keeper is told it; parents first
   */
  List<Map<String, Object>> addTo(RuntimeSpec runtime) {
    var aside = new ArrayList<Map<String, Object>>();
    binds.forEach(
        (target, bind) -> {
          if (placedByAgent()) {
            var from = ASIDE + aside.size();
            var copy = bind.access() == Access.COPY_ON_WRITE;
            runtime.hostMount(from, bind.source(), copy ? Access.READ_ONLY : bind.access());
            aside.add(Map.of("from", from, "to", target, "copyOnWrite", copy));
          } else {
            runtime.hostMount(target, bind.source(), bind.access());
          }
        });
    return aside;
  }

  /** Returns the volumes among them, as the keeper is told of them. */
  List<Map<String, Object>> volumes() {
    return volumes.stream().map(HostMounts::message).toList();
  }

  private void add(String target, VolumeMount volume, Access access) {
    var source = volume.path().isEmpty() ? volume.data().toString() : PARTS + volumes.size();
    volumes.add(volume);
    binds.put(target, new Bind(source, access));
  }

  private static Map<String, Object> message(VolumeMount volume) {
    var message = new LinkedHashMap<String, Object>();
    message.put("name", volume.name());
    message.put("lock", volume.lock().toString());
    message.put("data", volume.data().toString());
    if (!volume.path().isEmpty()) {
      message.put("path", String.join("/", volume.path()));
    }
    return message;
  }

  private boolean placedByAgent() {
    return has(Access.COPY_ON_WRITE) && has(Access.WRITABLE);
  }

  private boolean has(Access access) {
    return binds.values().stream().anyMatch(b -> b.access() == access);
  }
}

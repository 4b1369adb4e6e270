package dev.sandboxed.core.gpu;

import dev.sandboxed.GpuUnavailableException;
import dev.sandboxed.OutputTail;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Does by mounts what a description's hooks do inside a container: links, and the names by which
 * programs ask for libraries.
 */
final class HookMounts {
  private static final String LINK = "create-symlinks";
  private static final Set<String> LIBRARIES = Set.of("update-ldcache", "create-soname-symlinks");

  /** What changes only how a container without gVisor sees devices. */
  private static final Set<String> NEEDLESS =
      Set.of("chmod", "enable-cuda-compat", "disable-device-node-modification");

  private final Map<String, String> mounts;
  private final Map<String, String> links = new LinkedHashMap<>();
  private final Set<String> folders = new LinkedHashSet<>();

  private HookMounts(Map<String, String> mounts) {
    this.mounts = new LinkedHashMap<>(mounts);
  }

  /**
   * The mounts that a description needs in all.
   *
   * @param mounts the host's path of each path inside
   * @param libraries directories inside that hold libraries
   */
  record Result(Map<String, String> mounts, List<String> libraries) {}

  /**
   * Adds what hooks would.
   *
   * @throws GpuUnavailableException if nobody knows what a hook does
   */
  static Result of(CdiEdits edits) {
    var all = new HookMounts(edits.mounts());
    edits.hooks().forEach(all::take);
    all.nameLibraries();
    all.followLinks();
    return new Result(all.mounts, List.copyOf(all.folders));
  }

  private void take(List<String> command) {
    var action = command.stream().skip(1).limit(3).filter(HookMounts::isKnown).findFirst();
    if (action.isEmpty()) {
      throw new GpuUnavailableException(
          "The GPU's description wants to run \"%s\", and programs of the host are not run for sandboxes; describe the GPU anew with nvidia-ctk cdi generate"
              .formatted(OutputTail.commandLine(command)));
    }
    if (action.get().equals(LINK)) {
      for (var link : options(command, "--link")) {
        var both = link.split("::", 2);
        if (both.length == 2) {
          links.put(absolute("/", both[1]), both[0]);
        }
      }
    } else if (LIBRARIES.contains(action.get())) {
      options(command, "--folder").forEach(f -> folders.add(absolute("/", f)));
    }
  }

  private static boolean isKnown(String action) {
    return action.equals(LINK) || LIBRARIES.contains(action) || NEEDLESS.contains(action);
  }

  private static List<String> options(List<String> command, String name) {
    var values = new ArrayList<String>();
    for (var i = 0; i < command.size(); i++) {
      if (command.get(i).equals(name) && i + 1 < command.size()) {
        values.add(command.get(i + 1));
      } else if (command.get(i).startsWith(name + "=")) {
        values.add(command.get(i).substring(name.length() + 1));
      }
    }
    return values;
  }

  private void nameLibraries() {
    for (var mount : Map.copyOf(mounts).entrySet()) {
      var target = Path.of(mount.getKey());
      var parent = target.getParent();
      if (parent != null && folders.contains(parent.toString())) {
        SharedObject.nameOf(Path.of(mount.getValue()))
            .ifPresent(n -> mounts.putIfAbsent(parent.resolve(n).toString(), mount.getValue()));
      }
    }
  }

  /** Links may lead to links, and to what is not there. */
  private void followLinks() {
    for (var changed = true; changed; ) {
      changed = false;
      for (var link : links.entrySet()) {
        var parent = Path.of(link.getKey()).getParent();
        var source =
            mounts.get(absolute(parent == null ? "/" : parent.toString(), link.getValue()));
        changed |= source != null && mounts.putIfAbsent(link.getKey(), source) == null;
      }
    }
  }

  private static String absolute(String directory, String path) {
    return Path.of(directory).resolve(path).normalize().toString();
  }
}

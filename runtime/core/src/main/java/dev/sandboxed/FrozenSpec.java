package dev.sandboxed;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What of a spec is in the memory of its sandbox, and so the same in every copy. */
record FrozenSpec(
    Image image,
    List<String> command,
    Optional<String> workdir,
    Map<String, Mount> mounts,
    Map<String, Volume> volumes,
    Limits limits,
    Optional<Gpus> gpus,
    Optional<ReadinessProbe> readyWhen) {

  static FrozenSpec of(SandboxSpec spec) {
    return new FrozenSpec(
        spec.image(),
        spec.command(),
        spec.workdir(),
        spec.mounts(),
        spec.volumes(),
        spec.limits(),
        spec.gpus(),
        spec.readyWhen());
  }

  /** Names what differs, for messages. */
  List<String> differences(FrozenSpec other) {
    var different = new ArrayList<String>();
    compare("image", image, other.image, different);
    compare("command", command, other.command, different);
    compare("working directory", workdir, other.workdir, different);
    compare("mounts", mounts, other.mounts, different);
    compare("volumes", volumes, other.volumes, different);
    compare("limits", limits, other.limits, different);
    compare("GPUs", gpus, other.gpus, different);
    compare("readiness probe", readyWhen, other.readyWhen, different);
    return different;
  }

  private static void compare(String what, Object one, Object other, List<String> different) {
    if (!one.equals(other)) {
      different.add(what);
    }
  }
}

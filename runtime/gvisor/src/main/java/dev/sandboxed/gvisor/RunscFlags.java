package dev.sandboxed.gvisor;

import dev.sandboxed.SandboxSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The flags that every {@code runsc} is started with. */
final class RunscFlags {
  private RunscFlags() {}

  static List<String> of(Path runsc, SandboxSpec spec, HostMounts mounts) {
    var command = new ArrayList<String>();
    command.add(runsc.toString());
    // No host network, ever: what a sandbox may reach comes through its agent.
    command.add("--network=none");
    command.add("--host-uds=none");
    // The keeper keeps the limits; runsc would need to own a cgroup.
    command.add("--ignore-cgroups");
    // Inside, the agent limits the number of processes: version 1 checks few of the new ones.
    command.add("--in-sandbox-cgroup=v2");
    command.add("--file-access-mounts=exclusive");
    command.add("--overlay2=" + overlay(spec, mounts));
    if (spec.gpus().isPresent()) {
      // Only then: what stands between programs inside and the host's driver is larger for it.
      command.add("--nvproxy=true");
    }
    return command;
  }

  private static String overlay(SandboxSpec spec, HostMounts mounts) {
    return mounts.copied() ? "all:memory,size=" + spec.limits().disk().bytes() : "none";
  }
}

package dev.sandboxed.gvisor;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.Mount;
import dev.sandboxed.SandboxSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The flags that every {@code runsc} is started with. */
final class RunscFlags {
  private RunscFlags() {}

  static List<String> of(Path runsc, SandboxSpec spec) {
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
    command.add("--overlay2=" + overlay(spec));
    return command;
  }

  private static String overlay(SandboxSpec spec) {
    var copies = has(spec, Mount.Access.COPY_ON_WRITE);
    if (copies && has(spec, Mount.Access.WRITABLE)) {
      throw new InvalidSpecException(
          "Copy-on-write and writable mounts cannot be combined in one gVisor sandbox: make the"
              + " writable ones copy-on-write and copy results out, or the others read-only");
    }
    return copies ? "all:memory,size=" + spec.limits().disk().bytes() : "none";
  }

  private static boolean has(SandboxSpec spec, Mount.Access access) {
    return spec.mounts().values().stream().anyMatch(m -> m.access() == access);
  }
}

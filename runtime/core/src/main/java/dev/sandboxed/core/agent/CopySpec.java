package dev.sandboxed.core.agent;

import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.NetworkSpec;
import dev.sandboxed.SandboxLabels;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.SnapshotSpec;
import java.util.Map;
import java.util.Optional;

/** Says what copies of a sandbox are. */
final class CopySpec {
  private CopySpec() {}

  /**
   * Returns the spec without what only one sandbox can have.
   *
   * @param policy which is in force; copies must not reach what was closed meanwhile
   */
  static SandboxSpec of(SandboxSpec source, NetworkPolicy policy) {
    var network = source.network();
    return new SandboxSpec(
        source.image(),
        source.command(),
        source.env(),
        source.secrets(),
        source.workdir(),
        source.mounts(),
        source.volumes(),
        source.limits(),
        source.gpus(),
        new NetworkSpec(
            network.policy().map(first -> policy), network.ports(), network.dns(), Map.of()),
        new SandboxLabels(source.labels().app(), Optional.empty(), source.labels().tags()),
        source.timeout(),
        source.idleTimeout(),
        source.verbose(),
        source.readyWhen(),
        new SnapshotSpec(false, Optional.empty(), source.snapshot().onCopy()));
  }
}

package dev.sandboxed;

import dev.sandboxed.Mount.Access;
import java.util.List;
import java.util.Optional;

/** The checks of what users want of memory snapshots, with the messages they see. */
final class SnapshotChecks {
  private SnapshotChecks() {}

  /** Refuses what a snapshot that all processes share cannot have. */
  static void keptWhenReady(FrozenSpec frozen, List<Secret> secrets, NetworkSpec network) {
    if (frozen.readyWhen().isEmpty()) {
      throw new InvalidSpecException(
          "snapshotWhenReady() needs to know when the sandbox is ready; add readyWhen(...)");
    }
    fitForMemory(secrets, frozen.gpus(), network);
    frozen
        .mounts()
        .forEach(
            (target, mount) -> {
              if (mount.access() == Access.WRITABLE) {
                throw new InvalidSpecException(
                    "The mount at %s is writable, so copies would not be independent of each other: mount it copy-on-write, or leave snapshotWhenReady() out"
                        .formatted(target));
              }
            });
    if (!frozen.volumes().isEmpty()) {
      throw new InvalidSpecException(
          "The volume at %s is shared, so copies would not be independent of each other: put its files into the image, or leave snapshotWhenReady() out"
              .formatted(frozen.volumes().keySet().iterator().next()));
    }
  }

  /** Refuses what must not, or cannot, be written to the disk with the memory. */
  static void fitForMemory(List<Secret> secrets, Optional<Gpus> gpus, NetworkSpec network) {
    if (!secrets.isEmpty()) {
      throw new InvalidSpecException(
          "A sandbox with the secret %s gives no memory snapshot, since its value would be written to the disk; give it to the copies, or to the exec that needs it"
              .formatted(secrets.get(0).name()));
    }
    if (network.policy().filter(NetworkPolicy::usesBuildTools).isPresent()) {
      throw new InvalidSpecException(
          "A sandbox with NetworkPolicy.buildTools() gives no memory snapshot: it has the settings"
              + " of build tools, whose credentials would be written to the disk; install what it"
              + " needs in the image, and leave buildTools() out");
    }
    if (gpus.isPresent()) {
      throw new InvalidSpecException(
          "A sandbox with GPUs gives no memory snapshot: what is in their memory cannot be kept;"
              + " leave gpu(...) out");
    }
  }

  /** Refuses a copy that would not be what is in its memory. */
  static void unchanged(SandboxSpec source, FrozenSpec copy) {
    var changed = FrozenSpec.of(source).differences(copy);
    if (!changed.isEmpty()) {
      throw new InvalidSpecException(
          "The copy's spec differs from that of its snapshot in what is in the memory: %s. Leave that as it is, or start a sandbox of its own with Sandbox.builder()"
              .formatted(String.join(", ", changed)));
    }
  }
}

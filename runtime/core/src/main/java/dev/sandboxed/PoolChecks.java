package dev.sandboxed;

import java.util.Optional;

/** Says of which specs a sandbox that was prepared earlier is as good as one that is made now. */
final class PoolChecks {
  private static final ByteSize IDLE = ByteSize.parse("64m");
  private static final ByteSize BUSY = ByteSize.parse("1g");

  private PoolChecks() {}

  static Optional<String> obstacle(SandboxSpec spec) {
    if (spec.labels().name().isPresent()) {
      return Optional.of("it has a name, which one sandbox at a time can have");
    }
    if (!spec.network().networks().isEmpty()) {
      return Optional.of("it joins a network, whose other members would meet it before its use");
    }
    if (!spec.mounts().isEmpty()) {
      return Optional.of("it mounts files of the host, which may change before its use");
    }
    if (!spec.volumes().isEmpty()) {
      return Optional.of("it mounts a volume, which nobody can remove meanwhile");
    }
    if (spec.gpus().isPresent()) {
      return Optional.of("it has GPUs, whose memory somebody else may need meanwhile");
    }
    if (!spec.command().isEmpty() && spec.readyWhen().isEmpty()) {
      return Optional.of(
          "it has a command without a readiness probe, so nobody knows how far that is at its use");
    }
    return Optional.empty();
  }

  /** Returns what a waiting sandbox counts with. */
  static ByteSize memory(SandboxSpec spec) {
    var usual = spec.command().isEmpty() ? IDLE : BUSY;
    return spec.limits()
        .memory()
        .map(m -> spec.command().isEmpty() && m.compareTo(usual) > 0 ? usual : m)
        .orElse(usual);
  }
}

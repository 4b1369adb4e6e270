package dev.sandboxed;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a sandbox is created from: an immutable value, checked when it is made.
 *
 * @param image the root file system
 * @param command the entrypoint, empty for none; 65,536 bytes at most
 * @param env environment variables of every process inside
 * @param secrets further environment variables, never printed
 * @param workdir where processes start and relative paths begin; an absolute path
 * @param mounts host directories by their absolute paths inside
 * @param volumes volumes by their absolute paths inside; each at most once
 * @param limits cpu, memory, disk and processes
 * @param gpus the graphics processors that it gets, if any
 * @param network what it may reach, and who may reach it
 * @param labels its app, name and tags
 * @param timeout how long the sandbox may live: more than zero, 24 hours at most
 * @param idleTimeout how long it may be idle: more than zero, 24 hours at most
 * @param verbose whether execs and file calls are logged
 * @param readyWhen how to find out whether what it runs is ready, if anybody wants to know
 * @param snapshot how it has to do with memory snapshots
 */
public record SandboxSpec(
    Image image,
    List<String> command,
    Map<String, String> env,
    List<Secret> secrets,
    Optional<String> workdir,
    Map<String, Mount> mounts,
    Map<String, Volume> volumes,
    Limits limits,
    Optional<Gpus> gpus,
    NetworkSpec network,
    SandboxLabels labels,
    Duration timeout,
    Optional<Duration> idleTimeout,
    boolean verbose,
    Optional<ReadinessProbe> readyWhen,
    SnapshotSpec snapshot) {

  /** How long a sandbox lives unless its spec says otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  /** The longest timeout that a spec may have. */
  public static final Duration MAX_TIMEOUT = Duration.ofHours(24);

  /** The most bytes that the entrypoint's arguments may have together. */
  public static final int MAX_COMMAND_BYTES = 65_536;

  /**
   * Checks and copies the values.
   *
   * @throws InvalidSpecException if one is out of its bounds
   */
  public SandboxSpec {
    command = List.copyOf(command);
    env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
    secrets = List.copyOf(secrets);
    mounts = Collections.unmodifiableMap(new LinkedHashMap<>(mounts));
    volumes = Collections.unmodifiableMap(new LinkedHashMap<>(volumes));
    SpecChecks.commandSize(command);
    SpecChecks.command(command);
    SpecChecks.env(env);
    SpecChecks.secrets(secrets, env);
    workdir.ifPresent(w -> SpecChecks.absolute("working directory", w));
    mounts.forEach(SpecChecks::mount);
    SpecChecks.volumes(volumes, mounts.keySet());
    SpecChecks.timeout("timeout", timeout);
    idleTimeout.ifPresent(t -> SpecChecks.timeout("idle timeout", t));
    if (readyWhen.isPresent()) {
      ReadinessChecks.check(readyWhen.get(), !command.isEmpty());
    }
    var frozen = new FrozenSpec(image, command, workdir, mounts, volumes, limits, gpus, readyWhen);
    if (snapshot.whenReady()) {
      SnapshotChecks.keptWhenReady(frozen, secrets, network);
    }
    snapshot.source().ifPresent(source -> SnapshotChecks.unchanged(source.spec(), frozen));
  }

  /**
   * Checks that a memory snapshot may be taken of a sandbox of this spec.
   *
   * @throws InvalidSpecException if it has secrets, settings of build tools or GPUs
   */
  public void checkFitForSnapshot() {
    SnapshotChecks.fitForMemory(secrets, gpus, network);
  }

  /**
   * Begins a changed copy.
   *
   * @return a builder with these values
   */
  public SandboxBuilder toBuilder() {
    return new SandboxBuilder(this);
  }
}

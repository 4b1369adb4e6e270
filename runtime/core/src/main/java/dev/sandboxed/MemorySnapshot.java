package dev.sandboxed;

/**
 * A sandbox at one moment, memory and all: from it start any number of copies, each with its own
 * processes, memory and files from that moment on.
 *
 * <pre>{@code
 * try (var database = Sandbox.builder().image(postgres).command("postgres")
 *         .readyWhen(ReadinessProbe.tcp(5432)).create()) {
 *   database.waitUntilReady();
 *   var snapshot = database.snapshot();
 *   try (var copy = snapshot.start()) {
 *     copy.exec("psql", "-c", "drop table orders").await();   // in this copy alone
 *   }
 *   snapshot.remove();
 * }
 * }</pre>
 *
 * <p>A copy differs from its source in id, name, host name and clock. Everything random that a
 * program has drawn before is the same in all copies. Programs find what is new in {@code
 * /run/sandboxed/copy.json}, fresh entropy among it; {@link SandboxBuilder#onCopy} runs a command
 * that hands it on.
 *
 * <p>Snapshots are kept in the store of images, readable for this user alone, until they are
 * removed or pruned. They start on the machine they were taken on, by the version of the product
 * that took them. Thread-safe.
 */
public interface MemorySnapshot {

  /**
   * Finds a snapshot by its id, whichever process of this user took it.
   *
   * <pre>{@code
   * try (var copy = MemorySnapshot.fromId(id).start()) {
   *   copy.exec("make", "test").await();
   * }
   * }</pre>
   *
   * @param id the id
   * @return the snapshot
   * @throws ImageException if there is no such snapshot, or it is damaged
   */
  static MemorySnapshot fromId(String id) {
    return Backends.shared().memorySnapshot(id);
  }

  /**
   * Returns what names the snapshot.
   *
   * @return 64 hexadecimal digits
   */
  String id();

  /**
   * Returns what copies are: the spec of the source without what only one sandbox can have, its
   * name and its places in networks, and with the network policy that was in force. A snapshot of
   * {@link #fromId} does not know DNS servers, and images as a handle of {@link Sandbox#fromId}
   * knows them; copies have the right one all the same.
   *
   * @return the immutable spec
   */
  SandboxSpec spec();

  /**
   * Starts a copy and waits until it answers; any number may be started at once.
   *
   * @return the running copy
   * @throws SandboxFailedException if it does not start, such as for a snapshot that was removed,
   *     pruned or damaged; a damaged one is removed, and never started from
   */
  default Sandbox start() {
    return toBuilder().create();
  }

  /**
   * Begins the description of a copy. Name, app, tags, variables of the environment, secrets,
   * timeouts, network, ports and the {@linkplain SandboxBuilder#onCopy command for copies} are its
   * own. Variables and secrets are for programs that are started in the copy; those that run since
   * before find variables in {@code /run/sandboxed/copy.json}. What is in the memory cannot be
   * changed: image, command, working directory, limits, mounts, volumes, GPUs, and the readiness
   * probe.
   *
   * @return a builder with the values of {@link #spec}, which begins copies of this snapshot
   */
  SandboxBuilder toBuilder();

  /** Removes the snapshot; copies that run go on. A second call does nothing. */
  void remove();
}

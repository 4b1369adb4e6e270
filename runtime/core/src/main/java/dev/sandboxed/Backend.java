package dev.sandboxed;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * What creates sandboxes. Thread-safe.
 *
 * <p>Backends are found by {@link java.util.ServiceLoader} through {@link Provider}. None is ever
 * replaced by a weaker one: if it cannot run here, {@link #create} says why.
 */
public interface Backend extends AutoCloseable {

  /**
   * Returns the backend's name.
   *
   * @return for example {@code gvisor}
   */
  String name();

  /**
   * Creates a sandbox and waits until it answers.
   *
   * @param spec what to create
   * @return the running sandbox
   * @throws BackendUnavailableException if this backend cannot run here
   * @throws NameTakenException if another sandbox has the name
   * @throws SandboxFailedException if the sandbox does not start
   */
  Sandbox create(SandboxSpec spec);

  /**
   * Creates a sandbox without waiting.
   *
   * @param spec what to create
   * @return completes when the sandbox answers; cancelling it ends the sandbox
   */
  CompletableFuture<Sandbox> createAsync(SandboxSpec spec);

  /**
   * Prepares a sandbox ahead of its use, without waiting. It starts as any other does, its command
   * runs and its probe is tried, but it is nobody's until {@link PreparedSandbox#begin}. {@link
   * SandboxPool} keeps such sandboxes.
   *
   * @param spec what to create
   * @return completes when the sandbox answers; cancelling it ends the sandbox
   */
  CompletableFuture<PreparedSandbox> prepareAsync(SandboxSpec spec);

  /**
   * Finds a sandbox by its id; see {@link Sandbox#fromId}.
   *
   * @param id the id
   * @return a new handle, which the caller closes
   * @throws SandboxNotFoundException if there is no such sandbox, or no longer
   */
  Sandbox fromId(String id);

  /**
   * Finds a running sandbox by its name; see {@link Sandbox#fromName}.
   *
   * @param app its app
   * @param name its name
   * @return a new handle, which the caller closes
   * @throws SandboxNotFoundException if no running sandbox of the app has the name
   */
  Sandbox fromName(String app, String name);

  /**
   * Removes what is kept of sandboxes that have ended, their status and logs, and what keepers that
   * were killed left behind. Running sandboxes stay, and so do {@linkplain #images images}.
   *
   * @return the ids of the sandboxes of which nothing is left now
   */
  List<String> prune();

  /**
   * Lists the running sandboxes of this user and backend, whichever process created them.
   *
   * @param filter which to list
   * @return the sandboxes, those created first before the others
   */
  List<SandboxInfo> list(SandboxFilter filter);

  /**
   * Creates a network that sandboxes of this backend can join.
   *
   * @return the network, which the caller closes
   */
  SandboxNetwork createNetwork();

  /**
   * Returns the volumes that this backend keeps for the user; cheap, nothing is made yet.
   *
   * @return the volumes; valid until the backend is closed
   */
  Volumes volumes();

  /**
   * Returns the images that this backend keeps for the user.
   *
   * @return the images; valid until the backend is closed
   */
  Images images();

  /**
   * Checks what works on this machine, what does not and how to mend it.
   *
   * @return the findings, in an order for people to read
   */
  List<Finding> check();

  /**
   * Finds a memory snapshot by its id; see {@link MemorySnapshot#fromId}.
   *
   * @param id the id
   * @return the snapshot, whose copies this backend starts
   * @throws ImageException if there is no such snapshot, or it is damaged
   */
  MemorySnapshot memorySnapshot(String id);

  /** Ends every sandbox that this backend created, and releases what it holds. */
  @Override
  void close();

  /**
   * One line of a check.
   *
   * @param topic what was looked at, such as {@code user namespaces}
   * @param level whether it is as it should be
   * @param detail what was found
   * @param fix what to do about it; empty where nothing is to do
   */
  record Finding(String topic, Level level, String detail, String fix) {

    /** How bad a finding is. */
    public enum Level {
      /** As it should be. */
      OK,
      /** Works, with less: the detail says what is missing. */
      WARNING,
      /** Sandboxes cannot run. */
      ERROR
    }

    /**
     * Says why sandboxes cannot run, and what to do about it.
     *
     * @param findings all that {@link Backend#check} has found
     * @return several lines; empty if sandboxes can run
     */
    public static Optional<String> obstacle(List<Finding> findings) {
      var errors = findings.stream().filter(f -> f.level() == Level.ERROR).toList();
      return errors.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "Sandboxes cannot run on this machine:\n"
                  + errors.stream()
                      .map(
                          f ->
                              "  %s: %s. %s"
                                  .formatted(f.topic(), f.detail(), f.fix())
                                  .stripTrailing())
                      .collect(Collectors.joining("\n")));
    }
  }

  /** Opens a backend; implementations are declared for {@link java.util.ServiceLoader}. */
  interface Provider {

    /**
     * Returns the backend's name.
     *
     * @return for example {@code gvisor}
     */
    String name();

    /**
     * Returns the rank when no backend is named: the highest is taken.
     *
     * @return the rank; the embedded gVisor has 100
     */
    int priority();

    /**
     * Opens the backend; cheap, nothing is checked or started.
     *
     * @return the backend, which the caller closes
     */
    Backend open();
  }
}

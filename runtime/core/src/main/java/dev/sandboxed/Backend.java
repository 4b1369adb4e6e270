package dev.sandboxed;

import java.util.List;
import java.util.concurrent.CompletableFuture;

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
   * were killed left behind. Running sandboxes stay.
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
   * Checks what works on this machine, what does not and how to mend it.
   *
   * @return the findings, in an order for people to read
   */
  List<Finding> check();

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

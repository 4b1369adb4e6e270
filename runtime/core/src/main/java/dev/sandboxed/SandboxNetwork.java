package dev.sandboxed;

/**
 * Joins chosen sandboxes: they find each other by name and reach each other's declared ports, and
 * nothing else of each other.
 *
 * <pre>{@code
 * try (var network = SandboxNetwork.create();
 *     var db = Sandbox.builder().join(network, "db").port(5432).create();
 *     var app = Sandbox.builder().join(network, "app").create()) {
 *   app.exec("psql", "-h", "db").await();
 * }
 * }</pre>
 *
 * <p>A sandbox that is part of no network reaches no other sandbox. Names of members go before
 * names of the outside, need no rule of a {@link NetworkPolicy}, and open nothing outside.
 *
 * <p>Thread-safe. Close the sandboxes first: those that still run lose sight of each other when
 * their network is closed. A network never outlives the JVM that created it.
 */
public interface SandboxNetwork extends AutoCloseable {

  /**
   * Creates a network without members, on the default backend.
   *
   * @return the network, which the caller closes
   * @throws BackendUnavailableException if no backend can run here
   */
  static SandboxNetwork create() {
    return Backends.shared().createNetwork();
  }

  /**
   * Returns the unique, printable id of this network.
   *
   * @return the id, at most 64 characters of {@code [a-z0-9-]}
   */
  String id();

  /** Removes the network; a second call does nothing. */
  @Override
  void close();
}

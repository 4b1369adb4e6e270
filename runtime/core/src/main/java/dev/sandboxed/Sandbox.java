package dev.sandboxed;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A running sandbox: an own kernel, an own file system, and no network unless its spec allows one.
 *
 * <pre>{@code
 * try (var sandbox = Sandbox.builder().memory(ByteSize.parse("512m")).create()) {
 *   var result = sandbox.exec("python3", "-c", "print(1 + 1)").await();
 *   System.out.println(result.stdout());
 * }
 * }</pre>
 *
 * <p>Handles are thread-safe. A sandbox lives until it is closed or terminated, its entrypoint
 * ends, or its timeout (5 minutes unless set) is over, whichever is first; it never outlives the
 * JVM that created it, however that JVM ends, unless it was {@linkplain #detach() detached}.
 *
 * <p>Nothing outside is reachable unless {@link SandboxBuilder#network} allows it, and nobody
 * reaches the ports inside but through {@link #tunnel} and a shared {@link SandboxNetwork}.
 *
 * <p>Calls on a sandbox that has ended throw {@link SandboxNotRunningException}.
 */
public interface Sandbox extends AutoCloseable {

  /**
   * Begins the description of a new sandbox.
   *
   * @return a builder with the defaults: the host's tools, no command, 5 minutes
   */
  static SandboxBuilder builder() {
    return new SandboxBuilder();
  }

  /**
   * Creates a sandbox with all defaults, on the default backend.
   *
   * @return the running sandbox
   */
  static Sandbox create() {
    return builder().create();
  }

  /**
   * Finds a sandbox of this user by its id, whichever process created it.
   *
   * <p>The handle drives the same sandbox. Closing it lets go of the sandbox and does not end it:
   * call {@link #terminate} for that. The handle of a sandbox that has ended answers its status and
   * its logs, until its record is pruned, after a week at the latest.
   *
   * <pre>{@code
   * try (var sandbox = Sandbox.fromId(id)) {
   *   sandbox.exec("make", "test").await();
   * }
   * }</pre>
   *
   * @param id the id
   * @return a new handle, which the caller closes
   * @throws SandboxNotFoundException if there is no such sandbox, or no longer
   */
  static Sandbox fromId(String id) {
    return Backends.shared().fromId(id);
  }

  /**
   * Finds a running sandbox of this user by its name, whichever process created it.
   *
   * @param app its app
   * @param name its name
   * @return a new handle, as {@link #fromId} returns it
   * @throws SandboxNotFoundException if no running sandbox of the app has the name
   */
  static Sandbox fromName(String app, String name) {
    return Backends.shared().fromName(app, name);
  }

  /**
   * Lists all running sandboxes of this user, whichever process created them.
   *
   * @return the sandboxes, those created first before the others
   */
  static List<SandboxInfo> list() {
    return list(SandboxFilter.all());
  }

  /**
   * Lists running sandboxes of this user, whichever process created them.
   *
   * <pre>{@code
   * for (var info : Sandbox.list(SandboxFilter.all().app("ci"))) {
   *   System.out.println(info.id() + " " + info.tags());
   * }
   * }</pre>
   *
   * @param filter which to list
   * @return the sandboxes, those created first before the others
   */
  static List<SandboxInfo> list(SandboxFilter filter) {
    return Backends.shared().list(filter);
  }

  /**
   * Returns the unique, printable id of this sandbox.
   *
   * @return the id, at most 64 characters of {@code [a-z0-9-]}
   */
  String id();

  /**
   * Returns what this sandbox was created from.
   *
   * @return the immutable spec
   */
  SandboxSpec spec();

  /**
   * Returns the tags that the sandbox has now, whoever gave them.
   *
   * @return the tags; those it had last if it has ended
   */
  Map<String, String> tags();

  /**
   * Replaces all tags.
   *
   * <pre>{@code
   * sandbox.replaceTags(Map.of("claimed-by", "build-17"));
   * }</pre>
   *
   * @param tags the new tags; an empty map clears them
   * @throws InvalidSpecException if one is out of its bounds
   */
  void replaceTags(Map<String, String> tags);

  /**
   * Returns how long each step of the start took.
   *
   * @return the timings
   */
  StartupTimings startup();

  /**
   * Describes a command to run inside, without a shell; nothing runs until it is started.
   *
   * @param command the program and its arguments
   * @return an immutable description to refine and start
   */
  default Exec exec(String... command) {
    return exec(List.of(command));
  }

  /**
   * Describes a command to run inside, without a shell; nothing runs until it is started.
   *
   * @param command the program and its arguments
   * @return an immutable description to refine and start
   */
  Exec exec(List<String> command);

  /**
   * Returns the process that the spec's command started.
   *
   * <p>The last 4 MiB at least of its output are kept for a reader that comes late, so that an
   * entrypoint nobody reads never blocks. Once somebody reads a stream, the entrypoint waits for
   * that reader.
   *
   * @return the process, or empty if the spec names no command
   */
  Optional<SandboxProcess> entrypoint();

  /**
   * Returns what the entrypoint printed so far, with times, and what a verbose sandbox noted of
   * calls; it answers for ended sandboxes too.
   *
   * @return the whole log; empty if there is no entrypoint and no note
   */
  SandboxLog logs();

  /**
   * Returns the files inside.
   *
   * @return the thread-safe view
   */
  SandboxFiles files();

  /**
   * Makes a TCP port inside reachable on the host's loopback, until the sandbox ends. It needs no
   * network policy, and nothing has to listen on the port yet.
   *
   * <pre>{@code
   * var health = sandbox.tunnel(8080).uri().resolve("/health");
   * }</pre>
   *
   * @param port the port inside, from 1 to 65535
   * @return the same tunnel whenever the same port is asked for
   * @throws InvalidSpecException if there is no such port
   * @throws SandboxException if the sandbox has 64 tunnels already
   */
  PortTunnel tunnel(int port);

  /**
   * Returns which destinations outside the sandbox may reach now, whichever handle or process
   * changed that last; once the sandbox has ended, what this handle knew last.
   *
   * @return the policy in force; {@link NetworkPolicy#none} if the spec names none
   */
  NetworkPolicy network();

  /**
   * Replaces the policy; connections that the new one does not allow are cut.
   *
   * <pre>{@code
   * sandbox.exec("npm", "ci").await();
   * sandbox.changeNetwork(NetworkPolicy.none());
   * }</pre>
   *
   * @param policy the new policy
   * @return how many connections were cut
   * @throws SandboxException if the sandbox was created without a network
   */
  int changeNetwork(NetworkPolicy policy);

  /**
   * Returns the destinations outside that programs inside tried to reach, allowed or not; it
   * answers for ended sandboxes too.
   *
   * @return the last 10,000, in the order they were tried
   */
  List<Connection> connections();

  /**
   * Returns the exit status without waiting.
   *
   * @return empty while the sandbox runs
   */
  Optional<ExitStatus> poll();

  /**
   * Waits for the end of the sandbox.
   *
   * @return how it ended, for {@link ExitReason#EXITED}, {@link ExitReason#SIGNALED} and {@link
   *     ExitReason#OUT_OF_MEMORY}
   * @throws SandboxTimeoutException if its timeout or idle timeout ended it
   * @throws SandboxTerminatedException if it was terminated
   * @throws SandboxFailedException if its runtime or agent failed
   */
  ExitStatus waitFor();

  /**
   * Waits for the end of the sandbox, at most for the given time.
   *
   * @param limit how long to wait
   * @return how it ended, or empty if it still runs
   */
  Optional<ExitStatus> waitFor(Duration limit);

  /**
   * Completes when the sandbox has ended and everything it held is released.
   *
   * <p>It completes normally whatever the reason, with the status. Cancelling it stops the wait,
   * not the sandbox.
   *
   * @return a new future
   */
  CompletableFuture<ExitStatus> onExit();

  /**
   * Ends the sandbox without waiting; a second call does nothing.
   *
   * @return completes with the final status once everything is released
   */
  CompletableFuture<ExitStatus> terminate();

  /**
   * Lets the sandbox go: it lives on to its timeouts, though this process ends, and can be found
   * again by its id or name. What this handle's execs run ends when this process does; the
   * entrypoint goes on.
   *
   * <p>Afterwards this handle answers only what concerns the end of the sandbox, its labels and its
   * logs; other calls throw {@link SandboxDetachedException}. A second call does nothing.
   *
   * @throws SandboxNotRunningException if the sandbox has ended
   */
  void detach();

  /**
   * Terminates the sandbox if this handle created it and has not detached it, waits and releases
   * everything; never throws because it has ended already. Any other handle only lets go of the
   * sandbox.
   */
  @Override
  void close();
}

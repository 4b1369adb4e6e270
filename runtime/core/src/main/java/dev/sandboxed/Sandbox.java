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

  /** How long {@link #waitUntilReady()} waits. */
  Duration DEFAULT_READY_LIMIT = Duration.ofMinutes(5);

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
   * <p>A handle of {@link #fromId} or {@link #fromName} does not know what only the creator can
   * use: DNS servers, networks, and images that are neither the host's tools, a directory, a tar
   * file nor a registry's; in the place of such an image its spec has {@link Image#host()}.
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
   * @return the timings so far
   */
  StartupTimings startup();

  /**
   * Waits until the spec's readiness probe has succeeded, at most 5 minutes.
   *
   * <pre>{@code
   * var took = sandbox.waitUntilReady().ready();
   * }</pre>
   *
   * @return how long the start took; at once if the sandbox is ready already
   * @throws InvalidSpecException if the spec has no probe
   * @throws ReadinessTimeoutException if the time is over, with what the probe saw last; the
   *     sandbox goes on
   * @throws SandboxNotRunningException if the sandbox has ended, with the end of its output
   */
  default StartupTimings waitUntilReady() {
    return waitUntilReady(DEFAULT_READY_LIMIT);
  }

  /**
   * Waits until the spec's readiness probe has succeeded, at most for the given time. Every handle
   * of the sandbox may wait, in whatever process.
   *
   * @param limit how long to wait; with zero it only asks
   * @return how long the start took; at once if the sandbox is ready already
   * @throws InvalidSpecException if the spec has no probe, or the limit is negative
   * @throws ReadinessTimeoutException if the time is over, with what the probe saw last; the
   *     sandbox goes on
   * @throws SandboxNotRunningException if the sandbox has ended, with the end of its output
   */
  StartupTimings waitUntilReady(Duration limit);

  /**
   * Completes when the spec's readiness probe has succeeded, or with the error that {@link
   * #waitUntilReady()} would throw; it has no limit of its own. Cancelling it stops the wait, and
   * changes nothing for the sandbox.
   *
   * @return a new future
   * @throws InvalidSpecException if the spec has no probe
   */
  CompletableFuture<StartupTimings> onReady();

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
   * Lists what programs have changed on the root file system: what is not as the image has it that
   * the sandbox was started from. What was only touched, or written again as it was, is not listed;
   * of files above 1 MiB that is not known, and they are.
   *
   * <pre>{@code
   * for (var change : sandbox.changes()) {
   *   System.out.println(change.kind() + " " + OutputTail.printable(change.path()));
   * }
   * }</pre>
   *
   * <p>All programs stand still for a moment, as for {@link #snapshotFilesystem()}, and what is not
   * in such a snapshot is not listed either, {@code /tmp} and mounts among it. Texts of files are
   * given while all of them together are no longer than 4 MiB.
   *
   * @return the first 10,000 changes, in the order of their paths
   * @throws SandboxNotRunningException if the sandbox has ended: what it changed is gone with it
   * @throws SandboxException if the changes cannot be had, such as for a full disk; the sandbox
   *     goes on
   */
  List<FileChange> changes();

  /**
   * Takes a snapshot of the root file system: an image from which any number of sandboxes start,
   * each with its own copy. Removed and renamed files, owners, modes, hard links and devices are in
   * it as they are here; times are rounded to whole seconds.
   *
   * <pre>{@code
   * Image ready;
   * try (var sandbox = Sandbox.builder().image(debian).create()) {
   *   sandbox.exec("./load-test-data.sh").await();
   *   ready = sandbox.snapshotFilesystem();
   * }
   * }</pre>
   *
   * <p>All programs stand still while it is taken, the longer the more was changed, and go on
   * unharmed: no file is torn, and all are of one moment. What a program has not written yet is not
   * in it.
   *
   * <p>Not in it are: mounts and volumes, {@code /tmp}, {@code /dev} and other file systems of
   * their own; sockets; extended attributes; environment variables and secrets; {@code /etc/hosts}
   * and {@code /etc/resolv.conf} of a sandbox with a network, and the settings of build tools that
   * it was given, which a new sandbox has of its own. The image's environment, working directory,
   * user and entrypoint are those of the image that this sandbox was started from.
   *
   * <p>The runtime needs memory as large as the largest changed file for it, holes included, within
   * the sandbox's limit.
   *
   * @return the image, which any process of this user can start sandboxes from until it is removed
   * @throws SandboxNotRunningException if the sandbox has ended: what it changed is gone with it
   * @throws SandboxException if the snapshot cannot be taken or kept, such as for a full disk; the
   *     sandbox goes on, and nothing is left
   */
  Image.SnapshotImage snapshotFilesystem();

  /**
   * Takes a snapshot as {@link #snapshotFilesystem()} does, for a time.
   *
   * @param timeToLive how long sandboxes can be started from it at least; those that run go on
   * @return the image
   * @throws InvalidSpecException if the time is not positive
   */
  Image.SnapshotImage snapshotFilesystem(Duration timeToLive);

  /**
   * Takes a snapshot as {@link #snapshotFilesystem()} does, without waiting.
   *
   * @return completes with the image; cancelling it stops the work
   */
  CompletableFuture<Image.SnapshotImage> snapshotFilesystemAsync();

  /**
   * Takes a snapshot as {@link #snapshotFilesystem(Duration)} does, without waiting.
   *
   * @param timeToLive how long sandboxes can be started from it
   * @return completes with the image; cancelling it stops the work
   */
  CompletableFuture<Image.SnapshotImage> snapshotFilesystemAsync(Duration timeToLive);

  /**
   * Takes a snapshot of the sandbox with its memory: everything that runs in it and every file,
   * from which any number of copies start. This sandbox goes on; its programs stand still while the
   * snapshot is taken, the longer the more memory they use.
   *
   * <p>In copies, programs run on where they were: the entrypoint with its log and its stdin; what
   * was started by {@link #exec} with nobody to read its output, and with its stdin open. Of
   * connections, those among programs inside go on. Those that leave the sandbox, through its
   * network or a {@linkplain #tunnel tunnel}, are reset in the copies; those through its network
   * also in this sandbox. What {@linkplain SandboxBuilder#mount mounts} and {@linkplain
   * SandboxBuilder#volume volumes} show is that of the host when the copy starts.
   *
   * <p>Whatever is in the memory is written to the disk, for this user to read: also what an exec
   * was given as a {@linkplain Exec secret}, while its process lives or has left it somewhere.
   *
   * @return the snapshot, which is kept until it is removed or pruned
   * @throws InvalidSpecException if the sandbox has secrets or GPUs
   * @throws SandboxNotRunningException if the sandbox has ended
   * @throws SandboxException if the snapshot cannot be taken or kept, such as for a full disk;
   *     nothing of it is left
   */
  MemorySnapshot snapshot();

  /**
   * Takes a snapshot as {@link #snapshot} does, without waiting.
   *
   * @return completes with the snapshot; cancelling it stops the work
   */
  CompletableFuture<MemorySnapshot> snapshotAsync();

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

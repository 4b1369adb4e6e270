package dev.sandboxed.core.agent;

import dev.sandboxed.Connection;
import dev.sandboxed.Exec;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.FileChange;
import dev.sandboxed.Image.SnapshotImage;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.PortTunnel;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxDetachedException;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.SandboxLog;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.SandboxProcess;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import dev.sandboxed.StartupTimings;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A sandbox that is driven through its agent, whichever backend made it. */
public final class AgentSandbox implements Sandbox {
  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final JsonObject TERMINATE = JsonObject.of(Map.of("terminate", true));

  private final Origin origin;
  private final SandboxTransport transport;
  private final SandboxLifecycle lifecycle;
  private final AgentContext context;
  private final RemoteReadiness readiness;
  private final SandboxFiles files;
  private final RemoteNetwork network;
  private final RemoteTags tags;
  private final RemoteLog log;
  private final @Nullable RemoteEntrypoint entrypoint;
  private final boolean owned;

  /**
   * Where a sandbox comes from.
   *
   * @param id its id
   * @param spec what it was created from
   * @param env the environment of every process inside that the image asks for
   * @param files texts to be there before anything runs, by absolute path; none is written over a
   *     file of the image
   * @param workdir where processes start and relative paths begin
   * @param user who runs processes, unless they are told otherwise; root if empty
   * @param entrypoint what the image puts before the command
   * @param copy whether everything inside comes from a snapshot with its memory, and runs already
   * @param image what the snapshots are told of its image
   * @param logs where what its entrypoint printed is kept
   * @param policies writes network policies the way its keeper reads them
   * @param snapshots keeps snapshots of its file system
   * @param executor where work of users runs, and what takes long
   * @param prepared how long it took to get image and files ready
   * @param begin the time, by {@link System#nanoTime}, at which they were
   */
  public record Origin(
      String id,
      SandboxSpec spec,
      Map<String, String> env,
      Map<String, String> files,
      String workdir,
      Optional<String> user,
      List<String> entrypoint,
      boolean copy,
      JsonObject image,
      LogFiles logs,
      Function<NetworkPolicy, JsonObject> policies,
      Snapshots snapshots,
      Executor executor,
      Duration prepared,
      long begin) {

    /** Returns what other processes need to know to drive the sandbox, for them only. */
    public JsonObject context() {
      return JsonObject.of(
          Map.of(
              "spec",
              SpecMessage.of(spec),
              "env",
              environment(this),
              "workdir",
              workdir,
              "user",
              user.orElse(""),
              "image",
              image));
    }

    /**
     * Returns what the agent needs to know to find out when the sandbox is ready, if anybody asks.
     */
    public Optional<JsonObject> readiness() {
      return spec.readyWhen()
          .map(
              probe ->
                  JsonObject.of(
                      Map.of(
                          "probe",
                          ReadinessMessage.of(probe),
                          "env",
                          environment(this),
                          "cwd",
                          workdir,
                          "user",
                          user.orElse(""),
                          "entrypoint",
                          !spec.command().isEmpty())));
    }

    /** Shows no environment, which may hold secrets. */
    @Override
    public String toString() {
      return "Origin[id=" + id + "]";
    }
  }

  /**
   * A sandbox that another process started, or another handle.
   *
   * @param id its id
   * @param spec what is known of its spec without asking it
   * @param logs where what its entrypoint printed is kept
   * @param policies writes network policies the way its keeper reads them
   * @param snapshots keeps snapshots of its file system
   * @param executor where work of users runs, and what takes long
   */
  public record Found(
      String id,
      SandboxSpec spec,
      LogFiles logs,
      Function<NetworkPolicy, JsonObject> policies,
      Snapshots snapshots,
      Executor executor) {}

  private AgentSandbox(
      Origin origin,
      SandboxTransport transport,
      SandboxLifecycle lifecycle,
      AgentContext context,
      StartupTimings startup,
      RemoteNetwork network,
      OptionalLong entrypoint,
      boolean owned) {
    this.origin = origin;
    this.transport = transport;
    this.lifecycle = lifecycle;
    this.context = context;
    this.network = network;
    this.owned = owned;
    log = new RemoteLog(context, lifecycle, origin.logs());
    readiness = new RemoteReadiness(origin.id(), origin.spec(), startup, context, lifecycle, log);
    this.entrypoint =
        entrypoint.isPresent()
            ? new RemoteEntrypoint(
                context, lifecycle, log, origin.spec().command(), entrypoint.getAsLong())
            : null;
    files = new RemoteFiles(context);
    tags = new RemoteTags(origin.id(), origin.spec().labels().tags(), context, lifecycle);
  }

  /**
   * Takes over a sandbox that is starting, and waits until its agent answers and its entrypoint, if
   * it has one, runs. If that fails, nothing of it is left.
   *
   * @param origin where it comes from
   * @param transport the way to it
   * @return the running sandbox
   * @throws SandboxFailedException if it does not start
   */
  public static AgentSandbox start(Origin origin, SandboxTransport transport) {
    var lifecycle = new SandboxLifecycle(origin.id(), origin.spec(), transport);
    try {
      return start(origin, transport, lifecycle);
    } catch (IOException e) {
      transport.kill();
      throw new SandboxFailedException(
          "The sandbox %s did not start: its connection failed: %s"
              .formatted(origin.id(), e.getMessage()),
          e);
    } catch (RuntimeException e) {
      transport.kill();
      awaitRelease(transport);
      throw e;
    }
  }

  /**
   * Takes up a sandbox that runs, or is starting.
   *
   * @param found which
   * @param transport the way to it, which does not end it
   * @return the running sandbox, which closing lets go of
   * @throws SandboxException if it has ended meanwhile, or cannot be driven from here
   */
  public static AgentSandbox attach(Found found, SandboxTransport transport) {
    var lifecycle = new SandboxLifecycle(found.id(), found.spec(), transport);
    AgentConnection connection;
    try {
      connection = AgentConnection.open(transport.channel(), found.id(), lifecycle);
    } catch (IOException e) {
      throw new SandboxException(
          "The sandbox %s cannot be driven: its connection failed: %s"
              .formatted(found.id(), e.getMessage()),
          e);
    }
    try {
      return attach(found, transport, lifecycle, connection);
    } catch (RuntimeException e) {
      lifecycle.letGo();
      connection.close();
      throw e;
    }
  }

  private static AgentSandbox attach(
      Found found,
      SandboxTransport transport,
      SandboxLifecycle lifecycle,
      AgentConnection connection) {
    var running = Waits.join(lifecycle.running(), "the sandbox's start", connection::close);
    var left = ask(connection, "context");
    var info = ask(connection, "info");
    var spec = SpecMessage.parse(left.object("spec").orElse(JsonObject.of(Map.of())));
    var origin =
        new Origin(
            found.id(),
            spec,
            left.object("env").map(JsonObject::strings).orElse(Map.of()),
            Map.of(),
            left.string("workdir").orElse("/"),
            left.string("user").filter(u -> !u.isEmpty()),
            List.of(),
            false,
            left.object("image").orElse(JsonObject.of(Map.of())),
            found.logs(),
            found.policies(),
            found.snapshots(),
            found.executor(),
            Duration.ZERO,
            System.nanoTime());
    var context = context(origin, connection);
    var network = new RemoteNetwork(origin, context, lifecycle);
    network.start(running.tunnels());
    return new AgentSandbox(
        origin,
        transport,
        lifecycle,
        context,
        new StartupTimings(Duration.ZERO, Duration.ZERO, running.answered(), Optional.empty()),
        network,
        info.number("entrypointPid"),
        false);
  }

  private static JsonObject ask(AgentConnection connection, String what) {
    var stream =
        connection.prepare(Request.of(Map.of("op", what), ok -> ok, AgentSandbox::refused));
    connection.begin(stream);
    return Waits.join(stream.answer(), "the sandbox's answer", stream::cancel);
  }

  private static SandboxException refused(AgentError error) {
    return error.isOfEnd()
        ? new SandboxNotRunningException("The sandbox is not running: " + error.message())
        : new SandboxException(
            "The sandbox cannot be driven from here: %s (%s)"
                .formatted(error.message(), error.kind()));
  }

  private static AgentContext context(Origin origin, AgentConnection connection) {
    var mask = SecretMask.of(origin.spec().secrets());
    return new AgentContext(
        connection,
        origin.executor(),
        environment(origin),
        origin.workdir(),
        origin.user(),
        new CallLog(
            origin.id(),
            origin.spec().verbose(),
            mask,
            note -> connection.control(JsonObject.of(Map.of("note", note)))),
        mask);
  }

  private static AgentSandbox start(
      Origin origin, SandboxTransport transport, SandboxLifecycle lifecycle) throws IOException {
    var connection = AgentConnection.open(transport.channel(), origin.id(), lifecycle);
    var running = Waits.join(lifecycle.running(), "the start of the sandbox", connection::close);
    var answered = running.answered();
    var elapsed = Duration.ofNanos(System.nanoTime() - origin.begin());
    var timings =
        new StartupTimings(
            origin.prepared(),
            answered.compareTo(elapsed) < 0 ? elapsed.minus(answered) : Duration.ZERO,
            answered.compareTo(elapsed) < 0 ? answered : elapsed,
            Optional.empty());
    var spec = origin.spec();
    var context = context(origin, connection);
    var network = new RemoteNetwork(origin, context, lifecycle);
    network.start(running.tunnels());
    var files = new RemoteFiles(context);
    if (!origin.copy() && !origin.workdir().equals("/")) {
      files.makeDirectories(origin.workdir());
    }
    origin.files().forEach(files::writeNew);
    var entrypoint = OptionalLong.empty();
    if (origin.copy()) {
      entrypoint = ask(connection, "info").number("entrypointPid");
    } else if (!spec.command().isEmpty()) {
      var command = Stream.concat(origin.entrypoint().stream(), spec.command().stream()).toList();
      entrypoint = OptionalLong.of(RemoteEntrypoint.start(context, command));
    }
    return new AgentSandbox(
        origin, transport, lifecycle, context, timings, network, entrypoint, true);
  }

  @Override
  public String id() {
    return origin.id();
  }

  @Override
  public SandboxSpec spec() {
    return origin.spec();
  }

  @Override
  public Map<String, String> tags() {
    return tags.now();
  }

  @Override
  public void replaceTags(Map<String, String> replacement) {
    held();
    tags.replace(replacement);
  }

  @Override
  public StartupTimings startup() {
    return readiness.timings();
  }

  @Override
  public StartupTimings waitUntilReady(Duration limit) {
    held();
    return readiness.await(limit);
  }

  @Override
  public CompletableFuture<StartupTimings> onReady() {
    held();
    return readiness.future();
  }

  @Override
  public Exec exec(List<String> command) {
    held();
    return ExecCommand.of(context, command);
  }

  @Override
  public Optional<SandboxProcess> entrypoint() {
    return Optional.ofNullable(entrypoint);
  }

  @Override
  public SandboxLog logs() {
    context.log().settle();
    return KeptLog.of(log);
  }

  @Override
  public SandboxFiles files() {
    held();
    return files;
  }

  @Override
  public PortTunnel tunnel(int port) {
    held();
    return network.tunnel(port);
  }

  @Override
  public NetworkPolicy network() {
    return network.policy();
  }

  @Override
  public int changeNetwork(NetworkPolicy policy) {
    held();
    return network.change(policy);
  }

  @Override
  public List<Connection> connections() {
    return network.tried();
  }

  @Override
  public SnapshotImage snapshotFilesystem() {
    return snapshot(Optional.empty()).run();
  }

  @Override
  public SnapshotImage snapshotFilesystem(Duration timeToLive) {
    return snapshot(Optional.of(timeToLive)).run();
  }

  @Override
  public CompletableFuture<SnapshotImage> snapshotFilesystemAsync() {
    return snapshot(Optional.empty()).async(context.executor());
  }

  @Override
  public CompletableFuture<SnapshotImage> snapshotFilesystemAsync(Duration timeToLive) {
    return snapshot(Optional.of(timeToLive)).async(context.executor());
  }

  @Override
  public List<FileChange> changes() {
    held();
    return origin.snapshots().compare(origin.image(), new RemoteChanges(id(), context)::write);
  }

  private SnapshotTask snapshot(Optional<Duration> timeToLive) {
    held();
    return new SnapshotTask(
        new RemoteChanges(id(), context), origin.snapshots(), origin.image(), timeToLive);
  }

  @Override
  public MemorySnapshot snapshot() {
    return memorySnapshot().run();
  }

  @Override
  public CompletableFuture<MemorySnapshot> snapshotAsync() {
    return memorySnapshot().async(context.executor());
  }

  private MemorySnapshotTask memorySnapshot() {
    held();
    return new MemorySnapshotTask(
        new RemoteMemory(id(), context), origin.snapshots(), copies(), origin.image());
  }

  @Override
  public Optional<ExitStatus> poll() {
    return lifecycle.ended().isDone()
        ? Optional.of(Waits.join(lifecycle.ended(), "the end of the sandbox", () -> {}).status())
        : Optional.empty();
  }

  @Override
  public ExitStatus waitFor() {
    return Waits.join(lifecycle.ended(), "the end of the sandbox", () -> {}).orThrow();
  }

  @Override
  public Optional<ExitStatus> waitFor(Duration limit) {
    return Waits.join(lifecycle.ended(), limit, "the end of the sandbox").map(Ending::orThrow);
  }

  @Override
  public CompletableFuture<ExitStatus> onExit() {
    return Waits.expose(lifecycle.ended().thenApply(Ending::status), context.executor(), () -> {});
  }

  @Override
  public CompletableFuture<ExitStatus> terminate() {
    held();
    context.log().settle();
    context.connection().control(TERMINATE);
    return onExit();
  }

  @Override
  public void detach() {
    if (!lifecycle.isDetached()) {
      ask(context.connection(), "detach");
      lifecycle.detach();
    }
  }

  /**
   * Begins the use of a sandbox that was prepared ahead of it.
   *
   * @throws SandboxNotRunningException if it has ended
   */
  public void begin() {
    ask(context.connection(), "begin");
  }

  /** Returns what snapshots are told of the image that the sandbox was started from. */
  public JsonObject image() {
    return origin.image();
  }

  /** Returns whether the sandbox lives on without this handle. */
  public boolean isDetached() {
    return lifecycle.isDetached();
  }

  /**
   * Writes what was changed on the root file system as a layer of an image: an uncompressed tar
   * with marks for what was removed. Programs stand still for a moment, and go on.
   *
   * <p>What is mounted is not in it, nor what the product itself wrote: files of the network, and
   * settings of build tools, which may hold credentials.
   *
   * @param layer the file to write, in a directory of its own file system with room for it twice;
   *     if this fails, nothing is there
   * @throws SandboxNotRunningException if the sandbox has ended
   * @throws SandboxException if it cannot be written, such as for a full disk
   */
  public void writeChanges(Path layer) {
    held();
    new RemoteChanges(id(), context).write(layer);
  }

  /** Returns what copies of this sandbox are, as it is now. */
  public SandboxSpec copies() {
    return CopySpec.of(spec(), network.policy());
  }

  /**
   * Writes everything that the sandbox is, its memory among it. Programs stand still meanwhile, and
   * go on.
   *
   * @param directory where to, empty and for this user alone; its contents after an error are of no
   *     use
   * @throws SandboxNotRunningException if the sandbox has ended
   * @throws SandboxException if it cannot be written, such as for a full disk
   */
  public void writeMemory(Path directory) {
    held();
    new RemoteMemory(id(), context).write(directory);
  }

  private void held() {
    if (lifecycle.isDetached() && !lifecycle.ended().isDone()) {
      throw new SandboxDetachedException(
          "This handle has detached the sandbox %s and only answers how it ends; take another with Sandbox.fromId(\"%s\")"
              .formatted(id(), id()));
    }
  }

  @Override
  public void close() {
    context.log().settle();
    if (!owned || lifecycle.isDetached()) {
      lifecycle.letGo();
      context.connection().close();
      return;
    }
    context.connection().control(TERMINATE);
    var interrupted = false;
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    var killed = false;
    while (!lifecycle.ended().isDone()) {
      try {
        lifecycle.ended().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        // Release everything all the same: whoever interrupts wants an end, not a leak.
        interrupted = true;
      } catch (TimeoutException e) {
        if (killed) {
          break;
        }
        killed = true;
        deadline = System.nanoTime() + PATIENCE.toNanos();
        transport.kill();
      } catch (ExecutionException e) {
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return lifecycle.ended().isCompletedExceptionally()
        ? "sandbox " + id() + " (closed)"
        : "sandbox " + id() + poll().map(s -> " (ended: " + s + ")").orElse(" (running)");
  }

  private static Map<String, String> environment(Origin origin) {
    var env = new LinkedHashMap<>(origin.env());
    env.putAll(origin.spec().env());
    for (Secret secret : origin.spec().secrets()) {
      env.put(secret.name(), secret.reveal());
    }
    return Map.copyOf(env);
  }

  private static void awaitRelease(SandboxTransport transport) {
    try {
      transport.released().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      throw new SandboxException("The sandbox did not start, and cannot be ended either", e);
    }
  }
}

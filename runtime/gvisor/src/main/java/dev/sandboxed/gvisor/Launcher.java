package dev.sandboxed.gvisor;

import dev.sandboxed.Backend;
import dev.sandboxed.BuildLog;
import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Images;
import dev.sandboxed.PreparedSandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxNetwork;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.agent.AgentSandbox;
import dev.sandboxed.core.binaries.BinaryCache;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.SandboxBinaries;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.build.BuildLogs;
import dev.sandboxed.core.build.BuildSettings;
import dev.sandboxed.core.build.SandboxedSteps;
import dev.sandboxed.core.build.StepSandboxes;
import dev.sandboxed.core.buildtools.BuildTools;
import dev.sandboxed.core.buildtools.HostEnvironment;
import dev.sandboxed.core.gpu.GpuAccess;
import dev.sandboxed.core.image.DebianSettings;
import dev.sandboxed.core.image.ImageMessage;
import dev.sandboxed.core.image.ImageStore;
import dev.sandboxed.core.image.PreparedImage;
import dev.sandboxed.core.image.StepRunner;
import dev.sandboxed.core.image.StoreLimits;
import dev.sandboxed.core.image.StoredImages;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.volume.HostVolumes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Starts sandboxes from specs. Thread-safe. */
final class Launcher {
  private final SandboxBinaries binaries;
  private final StateDirectory state;
  private final RecordDirectory records;
  private final ImageStore images;
  private final NetworkStart networks;
  private final HostVolumes volumes;
  private final BuildSettings builds;
  private final BuildLog buildLog;
  private final Executor executor;
  private final StoredSnapshots snapshots;
  private volatile @Nullable Path agentImage;

  /** Whether a sandbox has started on this machine. */
  private final AtomicBoolean proven = new AtomicBoolean();

  /**
   * How a sandbox begins.
   *
   * @param restore the snapshot that it is a copy of; it boots if empty
   * @param aheadOfUse whether its time counts only from its use on
   */
  private record Beginning(Optional<Restore> restore, boolean aheadOfUse) {
    static final Beginning BOOT = new Beginning(Optional.empty(), false);
  }

  private Launcher(
      SandboxBinaries binaries,
      StateDirectory state,
      RecordDirectory records,
      ImageStore images,
      NetworkStart networks,
      HostVolumes volumes,
      BuildSettings builds,
      BuildLog buildLog,
      Executor executor,
      Backend backend) {
    this.binaries = binaries;
    this.state = state;
    this.records = records;
    this.images = images;
    this.networks = networks;
    this.volumes = volumes;
    this.builds = builds;
    this.buildLog = buildLog;
    this.executor = executor;
    snapshots = new StoredSnapshots(images, backend);
  }

  /**
   * Opens what sandboxes are started from.
   *
   * @param log is told of steps of images, in place of the log that the settings ask for
   * @param backend starts copies of snapshots
   */
  static Launcher open(
      Settings settings,
      HostVolumes volumes,
      Optional<BuildLog> log,
      Executor executor,
      Backend backend) {
    var builds = BuildSettings.from(settings);
    var cache = CacheRoot.from(settings);
    var binaries =
        SandboxBinaries.locate(settings, new BinaryCache(cache), Launcher.class.getClassLoader());
    var state = StateDirectory.open(settings);
    return new Launcher(
        binaries,
        state,
        RecordDirectory.open(settings),
        ImageStore.open(
            cache.directory("images"),
            RegistrySettings.from(settings),
            DebianSettings.from(settings),
            StoreLimits.from(settings)),
        new NetworkStart(settings, new BuildTools(HostEnvironment.ofProcess(), executor)),
        volumes,
        builds,
        log.orElseGet(() -> BuildLogs.of(builds)),
        executor,
        backend);
  }

  /** Releases what the launcher holds; sandboxes that run go on. */
  void close() {
    images.close();
  }

  /** What is known of sandboxes that run, whoever started them. */
  Registry registry() {
    return new Registry(binaries.keeper(), state);
  }

  /** Keeps snapshots and finds them. */
  StoredSnapshots snapshots() {
    return snapshots;
  }

  /** Finds sandboxes, whoever started them. */
  Finder finder() {
    return new Finder(state, records, networks, snapshots, executor, housekeeping());
  }

  /** Tidies up. */
  Housekeeping housekeeping() {
    return new Housekeeping(binaries.keeper(), state, records, volumes);
  }

  /** Makes a network for sandboxes. */
  SandboxNetwork createNetwork(Consumer<SandboxNetwork> onClose) {
    var network = DirectoryNetwork.create(state, onClose);
    executor.execute(() -> DirectoryNetwork.sweep(state));
    return network;
  }

  /**
   * Starts a sandbox, after its image has been made, or from a snapshot of another.
   *
   * @param owner is given each sandbox that starts, those of the image's steps among them
   */
  AgentSandbox launch(SandboxSpec spec, Launch launch, Consumer<AgentSandbox> owner) {
    var begin = System.nanoTime();
    var gpus = spec.gpus().map(wanted -> GpuStart.find(binaries.runsc()).choose(wanted));
    var aheadOfUse = launch.isAheadOfUse();
    var copies =
        new Copies(
            images.memory(),
            spec,
            launch,
            (image, restore) ->
                launch(
                    spec, image, gpus, new Beginning(restore, aheadOfUse), launch, owner, begin));
    if (spec.snapshot().source().isPresent()) {
      return copies.of(spec.snapshot().source().get());
    }
    var image = images.prepare(spec.image(), steps(launch, owner, buildLog));
    return spec.snapshot().whenReady()
        ? copies.ready(image, List.of(binaries.runsc(), binaries.keeper(), binaries.agent()))
        : launch(
            spec, image, gpus, new Beginning(Optional.empty(), aheadOfUse), launch, owner, begin);
  }

  /**
   * Returns whether a sandbox that is started now from the same spec has the same image. Only what
   * is made of files of the host is looked at again.
   *
   * @param owner is given each sandbox that runs a step of it, should that have to be taken again
   */
  boolean hasCurrentImage(AgentSandbox sandbox, Consumer<AgentSandbox> owner) {
    var image = sandbox.spec().image();
    // The image of a snapshot's copies is the snapshot's, whatever has become of its files.
    if (!HostFiles.areIn(image) || sandbox.spec().snapshot().source().isPresent()) {
      return true;
    }
    var now = images.prepare(image, steps(Launch.ofSandbox(), owner, buildLog));
    try {
      return ImageMessage.parse(sandbox.image()).equals(now);
    } catch (ProtocolException e) {
      throw new IllegalStateException("What this process wrote cannot be read", e);
    }
  }

  /**
   * Returns the images that sandboxes are started from.
   *
   * @param owner is given each sandbox that runs a step
   */
  Images images(Consumer<AgentSandbox> owner) {
    return new StoredImages(images, log -> steps(Launch.ofSandbox(), owner, log.orElse(buildLog)));
  }

  /**
   * Returns what runs the steps of an image.
   *
   * @param launch ends the sandbox of a step when it is given up
   * @param owner is given each sandbox that starts
   */
  StepRunner steps(Launch launch, Consumer<AgentSandbox> owner, BuildLog log) {
    StepSandboxes sandboxes =
        (spec, image) ->
            launch(spec, image, Optional.empty(), Beginning.BOOT, launch, owner, System.nanoTime());
    var steps = new SandboxedSteps(sandboxes, builds, log, executor);
    return new StepRunner() {
      @Override
      public void run(Image parent, PreparedImage prepared, ImageStep.InSandbox step, Path layer)
          throws IOException {
        launch.check();
        try {
          steps.run(parent, prepared, step, layer);
        } catch (SandboxException e) {
          // What was given up fails in many ways, none of which tells more.
          launch.check();
          throw e;
        }
      }

      @Override
      public BuildLog log() {
        return log;
      }
    };
  }

  private AgentSandbox launch(
      SandboxSpec spec,
      PreparedImage image,
      Optional<GpuAccess> gpus,
      Beginning beginning,
      Launch launch,
      Consumer<AgentSandbox> owner,
      long begin) {
    var id = newId();
    var runtime =
        new RuntimeSpec(NetworkStart.HOSTNAME, image.erofs(), agentImage(), spec.limits().disk());
    image.mounts().forEach(m -> runtime.hostTools(m.target(), m.source()));
    gpus.ifPresent(runtime::gpus);
    var mounts = HostMounts.of(spec, volumes);
    var prepared = System.nanoTime();
    var copy = beginning.restore().isPresent();
    var origin = origin(id, spec, image, gpus, copy, begin, prepared);
    var message = message(origin, runtime, mounts, beginning);
    launch.check();
    var sandbox = start(origin, message, launch);
    owner.accept(sandbox);
    if (!proven.getAndSet(true)) {
      executor.execute(housekeeping()::sweep);
    }
    return sandbox;
  }

  private AgentSandbox start(AgentSandbox.Origin origin, JsonObject message, Launch launch) {
    try {
      var keeper = Keeper.start(binaries.keeper(), message, state.socket(origin.id()));
      launch.started(keeper);
      return AgentSandbox.start(origin, keeper);
    } catch (SandboxFailedException e) {
      launch.check();
      throw proven.get() ? e : StartFailures.explain(e, binaries.keeper());
    }
  }

  private AgentSandbox.Origin origin(
      String id,
      SandboxSpec spec,
      PreparedImage image,
      Optional<GpuAccess> gpus,
      boolean copy,
      long begin,
      long prepared) {
    var tools = networks.toolsInside(spec.network());
    var environment = new LinkedHashMap<>(image.environment());
    tools.ifPresent(t -> environment.putAll(t.environment()));
    gpus.ifPresent(g -> environment.putAll(GpuStart.environment(g, environment)));
    return new AgentSandbox.Origin(
        id,
        spec,
        environment,
        tools.map(t -> outsideMounts(t.files(), spec)).orElse(Map.of()),
        spec.workdir().orElse(image.workingDirectory()),
        image.user(),
        image.entrypoint(),
        copy,
        ImageMessage.of(image),
        records.logs(id),
        networks::policy,
        snapshots,
        executor,
        Duration.ofNanos(prepared - begin),
        prepared);
  }

  /** Leaves out what would be written into a directory that was mounted, perhaps the host's own. */
  private static Map<String, String> outsideMounts(Map<String, String> files, SandboxSpec spec) {
    var outside = new LinkedHashMap<>(files);
    spec.mounts()
        .keySet()
        .forEach(target -> outside.keySet().removeIf(file -> Path.of(file).startsWith(target)));
    return outside;
  }

  /** Reading the agent takes longer than all the rest, so it is done once. */
  private Path agentImage() {
    var known = agentImage;
    if (known == null || !Files.exists(known)) {
      known = images.agentImage(binaries.agent());
      agentImage = known;
    }
    return known;
  }

  private JsonObject message(
      AgentSandbox.Origin origin, RuntimeSpec runtime, HostMounts mounts, Beginning beginning) {
    var id = origin.id();
    var spec = origin.spec();
    var aside = mounts.addTo(runtime);
    var limits = spec.limits();
    var message = new LinkedHashMap<String, @Nullable Object>();
    message.put("id", id);
    message.put("directory", state.of(id).toString());
    message.put("runsc", RunscFlags.of(binaries.runsc(), spec, mounts));
    message.put("spec", runtime.build());
    message.put("memoryBytes", limits.memory().map(m -> m.bytes()).orElseGet(HostMemory::half));
    message.put("cpus", limits.cpus().isPresent() ? limits.cpus().getAsDouble() : null);
    message.put("pids", limits.processes());
    if (!aside.isEmpty()) {
      message.put("mounts", aside);
      message.put("mountBytes", limits.disk().bytes());
    }
    message.put("foreign", List.copyOf(origin.files().keySet()));
    message.put("context", origin.context());
    message.put("records", records.path().toString());
    message.put("labels", Labels.of(spec));
    message.put("volumes", mounts.volumes());
    message.put("network", networks.of(spec.network()).orElse(null));
    message.put("readiness", origin.readiness().orElse(null));
    message.put("restore", beginning.restore().map(r -> r.message(spec)).orElse(null));
    message.put("timeoutMillis", Math.max(1, spec.timeout().toMillis()));
    message.put(
        "idleTimeoutMillis", spec.idleTimeout().map(t -> Math.max(1, t.toMillis())).orElse(null));
    message.put(
        "beginWithinMillis", beginning.aheadOfUse() ? PreparedSandbox.MAX_WAIT.toMillis() : null);
    return JsonObject.of(message);
  }

  /** Unique among the sandboxes of this user on this machine; it need not be secret. */
  private static String newId() {
    var random = ThreadLocalRandom.current();
    return "sb-" + Long.toString(random.nextLong(Long.MAX_VALUE), Character.MAX_RADIX);
  }
}

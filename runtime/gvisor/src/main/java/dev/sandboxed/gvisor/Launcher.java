package dev.sandboxed.gvisor;

import dev.sandboxed.SandboxFailedException;
import dev.sandboxed.SandboxNetwork;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.agent.AgentSandbox;
import dev.sandboxed.core.binaries.BinaryCache;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.SandboxBinaries;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.buildtools.BuildTools;
import dev.sandboxed.core.buildtools.HostEnvironment;
import dev.sandboxed.core.gpu.GpuAccess;
import dev.sandboxed.core.image.ImageStore;
import dev.sandboxed.core.image.PreparedImage;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.registry.RegistrySettings;
import dev.sandboxed.core.volume.HostVolumes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
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
  private final Executor executor;
  private volatile @Nullable Path agentImage;

  /** Whether a sandbox has started on this machine. */
  private final AtomicBoolean proven = new AtomicBoolean();

  private Launcher(
      SandboxBinaries binaries,
      StateDirectory state,
      RecordDirectory records,
      ImageStore images,
      NetworkStart networks,
      HostVolumes volumes,
      Executor executor) {
    this.binaries = binaries;
    this.state = state;
    this.records = records;
    this.images = images;
    this.networks = networks;
    this.volumes = volumes;
    this.executor = executor;
  }

  static Launcher open(Settings settings, HostVolumes volumes, Executor executor) {
    var cache = CacheRoot.from(settings);
    var binaries =
        SandboxBinaries.locate(settings, new BinaryCache(cache), Launcher.class.getClassLoader());
    var state = StateDirectory.open(settings);
    return new Launcher(
        binaries,
        state,
        RecordDirectory.open(settings),
        ImageStore.open(cache.directory("images"), RegistrySettings.from(settings)),
        new NetworkStart(settings, new BuildTools(HostEnvironment.ofProcess(), executor)),
        volumes,
        executor);
  }

  /** Releases what the launcher holds; sandboxes that run go on. */
  void close() {
    images.close();
  }

  /** What is known of sandboxes that run, whoever started them. */
  Registry registry() {
    return new Registry(binaries.keeper(), state);
  }

  /** Finds sandboxes, whoever started them. */
  Finder finder() {
    return new Finder(state, records, networks, executor, housekeeping());
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

  AgentSandbox launch(SandboxSpec spec, Launch launch) {
    var begin = System.nanoTime();
    var id = newId();
    var gpus = spec.gpus().map(wanted -> GpuStart.find(binaries.runsc()).choose(wanted));
    var image = images.prepare(spec.image());
    var runtime =
        new RuntimeSpec(NetworkStart.HOSTNAME, image.erofs(), agentImage(), spec.limits().disk());
    image.mounts().forEach(m -> runtime.hostTools(m.target(), m.source()));
    gpus.ifPresent(runtime::gpus);
    var mounts = HostMounts.of(spec, volumes);
    var prepared = System.nanoTime();
    var origin = origin(id, spec, image, gpus, begin, prepared);
    var message = message(origin, runtime, mounts);
    launch.check();
    var sandbox = start(origin, message, launch);
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
        records.logs(id),
        networks::policy,
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

  private JsonObject message(AgentSandbox.Origin origin, RuntimeSpec runtime, HostMounts mounts) {
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
    message.put("context", origin.context());
    message.put("records", records.path().toString());
    message.put("labels", Labels.of(spec));
    message.put("volumes", mounts.volumes());
    message.put("network", networks.of(spec.network()).orElse(null));
    message.put("timeoutMillis", Math.max(1, spec.timeout().toMillis()));
    message.put(
        "idleTimeoutMillis", spec.idleTimeout().map(t -> Math.max(1, t.toMillis())).orElse(null));
    return JsonObject.of(message);
  }

  /** Unique among the sandboxes of this user on this machine; it need not be secret. */
  private static String newId() {
    var random = ThreadLocalRandom.current();
    return "sb-" + Long.toString(random.nextLong(Long.MAX_VALUE), Character.MAX_RADIX);
  }
}

package dev.sandboxed.gvisor;

import dev.sandboxed.Backend;
import dev.sandboxed.BuildLog;
import dev.sandboxed.Images;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.PreparedSandbox;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import dev.sandboxed.SandboxNetwork;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.Volumes;
import dev.sandboxed.core.agent.AgentSandbox;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.buildtools.BuildTools;
import dev.sandboxed.core.buildtools.HostEnvironment;
import dev.sandboxed.core.volume.HostVolumes;
import dev.sandboxed.core.volume.VolumeStore;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The embedded backend: each sandbox is a {@code runsc} of its own, started by a keeper process, as
 * root or as an ordinary user. Thread-safe.
 */
public final class GvisorBackend implements Backend {
  static final String NAME = "gvisor";
  private static final int IDLE_THREAD_SECONDS = 10;

  private final Settings settings;
  private final Optional<BuildLog> buildLog;
  private final HostVolumes volumes;
  private final Set<AgentSandbox> sandboxes = ConcurrentHashMap.newKeySet();
  private final Set<SandboxNetwork> networks = ConcurrentHashMap.newKeySet();
  private final ExecutorService executor = executor();
  private @Nullable Launcher launcher;
  private @Nullable Thread hook;
  private boolean closed;

  private GvisorBackend(Settings settings, Optional<BuildLog> buildLog) {
    this.settings = settings;
    this.buildLog = buildLog;
    volumes = new HostVolumes(VolumeStore.of(settings));
  }

  /**
   * Opens the backend; nothing is checked or started yet.
   *
   * @return the backend, which the caller closes
   */
  public static GvisorBackend open() {
    return open(Settings.ofProcess());
  }

  /** Opens the backend with other settings than those of this process. */
  static GvisorBackend open(Settings settings) {
    return new GvisorBackend(settings, Optional.empty());
  }

  /** Opens the backend with other settings, and a log of its own of the steps of images. */
  static GvisorBackend open(Settings settings, BuildLog buildLog) {
    return new GvisorBackend(settings, Optional.of(buildLog));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Sandbox create(SandboxSpec spec) {
    return create(spec, Launch.ofSandbox());
  }

  @Override
  public CompletableFuture<Sandbox> createAsync(SandboxSpec spec) {
    return createAsync(spec, Launch.ofSandbox(), sandbox -> sandbox);
  }

  @Override
  public CompletableFuture<PreparedSandbox> prepareAsync(SandboxSpec spec) {
    return createAsync(
        spec,
        Launch.aheadOfUse(),
        sandbox ->
            new WaitingSandbox(sandbox, () -> launcher().hasCurrentImage(sandbox, this::own)));
  }

  private <T> CompletableFuture<T> createAsync(
      SandboxSpec spec, Launch launch, Function<AgentSandbox, T> result) {
    var future = new CompletableFuture<T>();
    future.whenComplete(
        (sandbox, failure) -> {
          if (future.isCancelled()) {
            launch.cancel();
          }
        });
    executor.execute(
        () -> {
          try {
            var sandbox = create(spec, launch);
            if (!future.complete(result.apply(sandbox))) {
              sandbox.close();
            }
          } catch (RuntimeException e) {
            future.completeExceptionally(e);
          }
        });
    return future;
  }

  @Override
  public Sandbox fromId(String id) {
    return launcher().finder().byId(id);
  }

  @Override
  public Sandbox fromName(String app, String name) {
    return launcher().finder().byName(app, name);
  }

  @Override
  public List<String> prune() {
    return launcher().housekeeping().prune();
  }

  @Override
  public List<SandboxInfo> list(SandboxFilter filter) {
    return launcher().registry().list(filter);
  }

  @Override
  public SandboxNetwork createNetwork() {
    var network = launcher().createNetwork(networks::remove);
    networks.add(network);
    if (isClosed()) {
      network.close();
      throw closedError();
    }
    return network;
  }

  @Override
  public Volumes volumes() {
    return volumes;
  }

  @Override
  public Images images() {
    return launcher().images(this::own);
  }

  @Override
  public MemorySnapshot memorySnapshot(String id) {
    return launcher().snapshots().memory(id);
  }

  @Override
  public List<Finding> check() {
    return new Doctor(settings, this, new BuildTools(HostEnvironment.ofProcess(), executor))
        .findings();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      if (hook != null) {
        removeHook(hook);
        hook = null;
      }
    }
    closeAll();
    synchronized (this) {
      if (launcher != null) {
        launcher.close();
        launcher = null;
      }
    }
  }

  private AgentSandbox create(SandboxSpec spec, Launch launch) {
    return launcher().launch(spec, launch, this::own);
  }

  /** Notes a sandbox that ends with this backend. */
  private void own(AgentSandbox sandbox) {
    sandboxes.add(sandbox);
    sandbox.onExit().whenComplete((status, failure) -> sandboxes.remove(sandbox));
    if (isClosed()) {
      sandbox.close();
      throw closedError();
    }
  }

  private synchronized Launcher launcher() {
    if (closed) {
      throw closedError();
    }
    if (launcher == null) {
      launcher = Launcher.open(settings, volumes, buildLog, executor, this);
      // Sandboxes die with this process in any case; the hook waits until nothing is left of them.
      hook = new Thread(this::closeAll, "sandboxed-shutdown");
      Runtime.getRuntime().addShutdownHook(hook);
    }
    return launcher;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private void closeAll() {
    sandboxes.removeIf(AgentSandbox::isDetached);
    sandboxes.forEach(Sandbox::terminate);
    sandboxes.forEach(Sandbox::close);
    networks.forEach(SandboxNetwork::close);
  }

  private static SandboxException closedError() {
    return new SandboxException("The backend is closed; open another with Backends.open()");
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is exiting, and the hook runs.
    }
  }

  private static ExecutorService executor() {
    return new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        IDLE_THREAD_SECONDS,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> {
          var thread = new Thread(task, "sandboxed-worker");
          thread.setDaemon(true);
          return thread;
        });
  }
}

package dev.sandboxed;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link SandboxSpec} and creates sandboxes from it.
 *
 * <p>Not thread-safe; what it builds is immutable. Values are checked when the spec is built.
 *
 * <pre>{@code
 * var spec = Sandbox.builder()
 *     .image(Image.host())
 *     .mount("/work", Mount.copyOnWrite(Path.of(".")))
 *     .workdir("/work")
 *     .timeout(Duration.ofMinutes(10))
 *     .build();
 * }</pre>
 */
public final class SandboxBuilder {
  private Image image = Image.host();
  private List<String> command = List.of();
  private final Map<String, String> env = new LinkedHashMap<>();
  private final List<Secret> secrets = new ArrayList<>();
  private @Nullable String workdir;
  private final Map<String, Mount> mounts = new LinkedHashMap<>();
  private final Map<String, Volume> volumes = new LinkedHashMap<>();
  private Limits limits = Limits.defaults();
  private @Nullable Gpus gpus;
  private @Nullable NetworkPolicy network;
  private final List<Integer> ports = new ArrayList<>();
  private final List<InetSocketAddress> dns = new ArrayList<>();
  private final Map<SandboxNetwork, String> networks = new LinkedHashMap<>();
  private String app = SandboxLabels.DEFAULT_APP;
  private @Nullable String name;
  private final Map<String, String> tags = new LinkedHashMap<>();
  private Duration timeout = SandboxSpec.DEFAULT_TIMEOUT;
  private @Nullable Duration idleTimeout;
  private boolean verbose;
  private @Nullable ReadinessProbe readyWhen;
  private boolean snapshotWhenReady;
  private @Nullable MemorySnapshot source;
  private List<String> onCopy = List.of();
  private @Nullable Backend backend;

  SandboxBuilder() {}

  SandboxBuilder(SandboxSpec spec) {
    image = spec.image();
    command = spec.command();
    env.putAll(spec.env());
    secrets.addAll(spec.secrets());
    workdir = spec.workdir().orElse(null);
    mounts.putAll(spec.mounts());
    volumes.putAll(spec.volumes());
    limits = spec.limits();
    gpus = spec.gpus().orElse(null);
    network = spec.network().policy().orElse(null);
    ports.addAll(spec.network().ports());
    dns.addAll(spec.network().dns());
    networks.putAll(spec.network().networks());
    app = spec.labels().app();
    name = spec.labels().name().orElse(null);
    tags.putAll(spec.labels().tags());
    timeout = spec.timeout();
    idleTimeout = spec.idleTimeout().orElse(null);
    verbose = spec.verbose();
    readyWhen = spec.readyWhen().orElse(null);
    snapshotWhenReady = spec.snapshot().whenReady();
    source = spec.snapshot().source().orElse(null);
    onCopy = spec.snapshot().onCopy();
  }

  /**
   * Sets the root file system; the host's tools unless set.
   *
   * @param image the image
   * @return this
   */
  public SandboxBuilder image(Image image) {
    this.image = Objects.requireNonNull(image, "image");
    return this;
  }

  /**
   * Sets the entrypoint: the sandbox ends when it ends. Without one it stays up for {@code exec}.
   *
   * @param command the program and its arguments, 65,536 bytes at most in all
   * @return this
   */
  public SandboxBuilder command(String... command) {
    return command(List.of(command));
  }

  /**
   * Sets the entrypoint: the sandbox ends when it ends.
   *
   * @param command the program and its arguments, 65,536 bytes at most in all
   * @return this
   */
  public SandboxBuilder command(List<String> command) {
    this.command = List.copyOf(command);
    return this;
  }

  /**
   * Adds an environment variable for every process inside.
   *
   * @param name the name
   * @param value the value
   * @return this
   */
  public SandboxBuilder env(String name, String value) {
    env.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
    return this;
  }

  /**
   * Adds environment variables for every process inside.
   *
   * @param variables the variables
   * @return this
   */
  public SandboxBuilder env(Map<String, String> variables) {
    variables.forEach(this::env);
    return this;
  }

  /**
   * Adds a secret, which every process inside sees as an environment variable and which is never
   * printed.
   *
   * @param secret the secret
   * @return this
   */
  public SandboxBuilder secret(Secret secret) {
    secrets.add(Objects.requireNonNull(secret, "secret"));
    return this;
  }

  /**
   * Adds secrets.
   *
   * @param secrets the secrets, such as those of {@link Secret#fromDotenv}
   * @return this
   */
  public SandboxBuilder secrets(Collection<Secret> secrets) {
    secrets.forEach(this::secret);
    return this;
  }

  /**
   * Sets the working directory of the processes inside, and where relative paths start.
   *
   * @param workdir an absolute path; made if it is missing
   * @return this
   */
  public SandboxBuilder workdir(String workdir) {
    this.workdir = Objects.requireNonNull(workdir, "workdir");
    return this;
  }

  /**
   * Shows a host directory inside.
   *
   * @param target the absolute path inside
   * @param mount what to show, and whether it may be changed
   * @return this
   */
  public SandboxBuilder mount(String target, Mount mount) {
    if (mounts.put(Objects.requireNonNull(target, "target"), mount) != null) {
      throw new InvalidSpecException(
          "Two mounts have the target " + target + "; use each target once");
    }
    return this;
  }

  /**
   * Gives the sandbox a volume.
   *
   * @param target the absolute, normalised path inside, other than {@code /}, {@code /root} and
   *     {@code /tmp}
   * @param volume the volume, or a part of one; made if it is missing
   * @return this
   */
  public SandboxBuilder volume(String target, Volume volume) {
    Objects.requireNonNull(volume, "volume");
    if (volumes.put(Objects.requireNonNull(target, "target"), volume) != null) {
      throw new InvalidSpecException(
          "Two volumes have the target " + target + "; use each target once");
    }
    return this;
  }

  /**
   * Sets all limits.
   *
   * @param limits the limits
   * @return this
   */
  public SandboxBuilder limits(Limits limits) {
    this.limits = Objects.requireNonNull(limits, "limits");
    return this;
  }

  /**
   * Limits the processors.
   *
   * @param cpus how many processors' time, for example 1.5
   * @return this
   */
  public SandboxBuilder cpus(double cpus) {
    return limits(limits.withCpus(cpus));
  }

  /**
   * Limits the memory; the sandbox ends with {@link ExitReason#OUT_OF_MEMORY} when it needs more.
   *
   * @param memory the limit, 16 MiB at least
   * @return this
   */
  public SandboxBuilder memory(ByteSize memory) {
    return limits(limits.withMemory(memory));
  }

  /**
   * Limits what the sandbox can write to its root file system.
   *
   * @param disk the limit
   * @return this
   */
  public SandboxBuilder disk(ByteSize disk) {
    return limits(limits.withDisk(disk));
  }

  /**
   * Limits the number of processes inside.
   *
   * @param processes the limit, threads included
   * @return this
   */
  public SandboxBuilder processes(int processes) {
    return limits(limits.withProcesses(processes));
  }

  /**
   * Gives the sandbox graphics processors of the host, of any model.
   *
   * @param count how many, from 1 to 64; sandboxes may share them
   * @return this
   * @see #gpu(int, String)
   */
  public SandboxBuilder gpu(int count) {
    this.gpus = new Gpus(count, Optional.empty());
    return this;
  }

  /**
   * Gives the sandbox graphics processors of the host, of one model: the first ones, which
   * sandboxes may share. None, or too few, is a {@link GpuUnavailableException} before anything is
   * started.
   *
   * <p>The host describes them, with their driver's libraries, in its Container Device Interface
   * files ({@code /etc/cdi}, {@code /var/run/cdi}), as {@code nvidia-ctk cdi generate} writes them.
   *
   * <pre>{@code
   * var spec = Sandbox.builder().gpu(2, "H200").build();
   * }</pre>
   *
   * @param count how many, from 1 to 64
   * @param model a part of their name as {@code nvidia-smi -L} shows it, such as {@code H200}
   * @return this
   */
  public SandboxBuilder gpu(int count, String model) {
    this.gpus = new Gpus(count, Optional.of(model));
    return this;
  }

  /**
   * Gives the sandbox a network under a policy, which {@link Sandbox#changeNetwork} can replace.
   *
   * <p>Unless set, a sandbox has no network device beyond its own loopback: nothing outside is
   * reachable, and nothing can be opened later. To begin closed and open it later, give {@link
   * NetworkPolicy#none}.
   *
   * @param policy which destinations outside may be reached
   * @return this
   */
  public SandboxBuilder network(NetworkPolicy policy) {
    this.network = Objects.requireNonNull(policy, "policy");
    return this;
  }

  /**
   * Declares a TCP port inside: it has a tunnel from the start, and sandboxes of the same network
   * reach it. Without a declaration, {@link Sandbox#tunnel} still reaches every port.
   *
   * @param port from 1 to 65535; 64 ports at most
   * @return this
   */
  public SandboxBuilder port(int port) {
    ports.add(port);
    return this;
  }

  /**
   * Names the DNS servers that look up what the sandbox asks for, instead of the host's own; the
   * policy still decides which names may be asked for.
   *
   * <p>A proxy of the host is not used then: it would look the names up elsewhere.
   *
   * @param servers IP addresses with ports; 8 at most
   * @return this
   */
  public SandboxBuilder dns(InetSocketAddress... servers) {
    dns.addAll(List.of(servers));
    return this;
  }

  /**
   * Makes the sandbox part of a network of sandboxes: the others find it by the name, and reach the
   * ports it declares.
   *
   * @param network the network
   * @param name 1 to 63 of {@code a-z}, {@code 0-9} and {@code -}, beginning with a letter; unique
   *     in the network
   * @return this
   */
  public SandboxBuilder join(SandboxNetwork network, String name) {
    if (networks.put(Objects.requireNonNull(network, "network"), name) != null) {
      throw new InvalidSpecException(
          "The sandbox joins the same network twice, the second time as \"%s\"; join it once"
              .formatted(OutputTail.printable(name)));
    }
    return this;
  }

  /**
   * Sets the app, the namespace that the sandbox's name is unique in; {@value
   * SandboxLabels#DEFAULT_APP} unless set. Apps need not be created.
   *
   * @param app 1 to 63 letters, digits, {@code .}, {@code _} and {@code -}, beginning with a letter
   *     or a digit
   * @return this
   */
  public SandboxBuilder app(String app) {
    this.app = Objects.requireNonNull(app, "app");
    return this;
  }

  /**
   * Names the sandbox: no other sandbox of its app can have the name until it has ended.
   *
   * @param name 1 to 63 letters, digits, {@code .}, {@code _} and {@code -}, beginning with a
   *     letter or a digit
   * @return this
   */
  public SandboxBuilder name(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  /**
   * Adds a tag, which {@link Sandbox#list(SandboxFilter)} can choose by; 64 at most.
   *
   * @param key 1 to 128 printable bytes
   * @param value at most 1,024 printable bytes
   * @return this
   */
  public SandboxBuilder tag(String key, String value) {
    tags.put(Objects.requireNonNull(key, "key"), Objects.requireNonNull(value, "value"));
    return this;
  }

  /**
   * Sets how long the sandbox may live; 5 minutes unless set.
   *
   * @param timeout more than zero, 24 hours at most
   * @return this
   */
  public SandboxBuilder timeout(Duration timeout) {
    this.timeout = Objects.requireNonNull(timeout, "timeout");
    return this;
  }

  /**
   * Ends the sandbox when it was idle for this long; off unless set.
   *
   * <p>It is active while an exec runs, stdin is written, a file call runs or a connection through
   * a tunnel is open. Readiness probes are no activity, nor is waiting for them.
   *
   * @param idleTimeout more than zero, 24 hours at most
   * @return this
   */
  public SandboxBuilder idleTimeout(Duration idleTimeout) {
    this.idleTimeout = Objects.requireNonNull(idleTimeout, "idleTimeout");
    return this;
  }

  /**
   * Notes every exec and file call with its outcome and duration, whichever handle or process makes
   * it: in the sandbox's own {@linkplain Sandbox#logs log}, as lines of {@link
   * LogLine.Source#NOTE}, and for {@link System.Logger} {@code dev.sandboxed}. Secrets are masked,
   * and a note is cut off after 2,000 characters; while the entrypoint waits for a reader of its
   * output, notes are dropped.
   *
   * @param verbose whether to
   * @return this
   */
  public SandboxBuilder verbose(boolean verbose) {
    this.verbose = verbose;
    return this;
  }

  /**
   * Says how to find out whether what the sandbox runs is ready, for {@link
   * Sandbox#waitUntilReady()}.
   *
   * <pre>{@code
   * builder.command("redis-server").readyWhen(ReadinessProbe.tcp(6379));
   * }</pre>
   *
   * @param probe what has to succeed once
   * @return this
   */
  public SandboxBuilder readyWhen(ReadinessProbe probe) {
    readyWhen = Objects.requireNonNull(probe, "probe");
    return this;
  }

  /**
   * Has {@link #create} return a sandbox that is ready: the first one, of whatever process, is
   * booted and snapshotted with its memory when its probe has succeeded, and every later one is a
   * copy of that, in a fraction of the time. Of several that are created at once, one boots and the
   * others wait for its snapshot.
   *
   * <pre>{@code
   * var spec = Sandbox.builder().image(postgres).command("postgres")
   *     .readyWhen(ReadinessProbe.tcp(5432))
   *     .snapshotWhenReady()
   *     .build();
   * }</pre>
   *
   * <p>The snapshot is kept in the store of images, for this user alone, and taken anew if anything
   * differs that is in it: image, command, variables of the environment, working directory, limits,
   * mounts and the files in them, probe, whether there is a network; and also the product's version
   * and the machine's processor. One that does not restore is removed with a warning, and the
   * sandbox boots.
   *
   * <p>Without a probe it is refused, and also with secrets, GPUs, volumes, writable mounts and
   * {@link NetworkPolicy#buildTools}.
   *
   * @return this
   */
  public SandboxBuilder snapshotWhenReady() {
    snapshotWhenReady = true;
    return this;
  }

  /**
   * Sets a command that runs as root in every copy of a memory snapshot before {@link #create}
   * returns it, with the copy's environment and, in {@code SANDBOXED_COPY}, the path of the file
   * that says what is new in the copy. It is how programs that run since before get their own name
   * or fresh randomness. It does not run in sandboxes that were booted.
   *
   * @param command the program and its arguments; if it fails, the copy does not start
   * @return this
   */
  public SandboxBuilder onCopy(String... command) {
    return onCopy(List.of(command));
  }

  /**
   * Sets a command that runs in every copy; see {@link #onCopy(String...)}.
   *
   * @param command the program and its arguments; empty for none
   * @return this
   */
  public SandboxBuilder onCopy(List<String> command) {
    onCopy = List.copyOf(command);
    return this;
  }

  /**
   * Chooses the backend; the default one is the embedded gVisor.
   *
   * @param backend stays open; the caller closes it
   * @return this
   */
  public SandboxBuilder backend(Backend backend) {
    this.backend = Objects.requireNonNull(backend, "backend");
    return this;
  }

  /**
   * Builds the spec.
   *
   * @return the immutable spec
   * @throws InvalidSpecException if a value is out of its bounds
   */
  public SandboxSpec build() {
    return new SandboxSpec(
        image,
        command,
        env,
        secrets,
        Optional.ofNullable(workdir),
        mounts,
        volumes,
        limits,
        Optional.ofNullable(gpus),
        new NetworkSpec(Optional.ofNullable(network), ports, dns, networks),
        new SandboxLabels(app, Optional.ofNullable(name), tags),
        timeout,
        Optional.ofNullable(idleTimeout),
        verbose,
        Optional.ofNullable(readyWhen),
        new SnapshotSpec(snapshotWhenReady, Optional.ofNullable(source), onCopy));
  }

  /**
   * Creates the sandbox and waits until it answers.
   *
   * @return the running sandbox
   * @throws InvalidSpecException if a value is out of its bounds
   * @throws BackendUnavailableException if no backend can run here
   * @throws GpuUnavailableException if the host does not have the GPUs that are wanted
   * @throws NameTakenException if another sandbox has the name
   * @throws ReadinessTimeoutException if a sandbox that is snapshotted when it is ready does not
   *     become so within 5 minutes
   * @throws SandboxFailedException if the sandbox does not start
   */
  public Sandbox create() {
    var spec = build();
    return backend().create(spec);
  }

  /**
   * Creates the sandbox without waiting.
   *
   * @return completes when the sandbox answers; cancelling it ends the sandbox
   */
  public CompletableFuture<Sandbox> createAsync() {
    var spec = build();
    return backend().createAsync(spec);
  }

  private Backend backend() {
    return backend != null ? backend : Backends.shared();
  }
}

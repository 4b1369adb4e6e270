package dev.sandboxed.core.gpu;

import dev.sandboxed.GpuUnavailableException;
import dev.sandboxed.Gpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The GPUs of a host, as its driver and its device descriptions show them. */
public final class HostGpus {
  private static final String KIND = "nvidia.com/gpu";
  private static final Pattern GPU = Pattern.compile("/dev/nvidia(\\d{1,3})");

  /** What gVisor can show of a driver; the rest would only be in its way. */
  private static final Set<String> DRIVER_NODES = Set.of("/dev/nvidiactl", "/dev/nvidia-uvm");

  private static final Set<String> NEEDED_ELSEWHERE =
      Set.of("/proc", "/sys", "/dev", "/.sandboxed");

  private final NvidiaDriver driver;
  private final Map<Integer, CdiEdits> gpus;
  private final List<String> problems;

  private HostGpus(NvidiaDriver driver, CdiRegistry registry) {
    this.driver = driver;
    this.problems = registry.problems();
    gpus = new TreeMap<>();
    // A GPU has several names; a part of one has further nodes.
    registry
        .devices()
        .values()
        .forEach(edits -> minorOf(edits).ifPresent(m -> gpus.putIfAbsent(m, edits)));
  }

  /**
   * Looks at this machine.
   *
   * @return what was found
   */
  public static HostGpus find() {
    return find(List.of(Path.of("/etc/cdi"), Path.of("/var/run/cdi")), Path.of("/proc"));
  }

  /**
   * Looks at a machine whose files are elsewhere.
   *
   * @param descriptions the directories of device descriptions, the most important last
   * @param proc its {@code /proc}
   * @return what was found
   */
  public static HostGpus find(List<Path> descriptions, Path proc) {
    return new HostGpus(NvidiaDriver.read(proc), CdiRegistry.read(descriptions, KIND));
  }

  private static Optional<Integer> minorOf(CdiEdits edits) {
    var minors = new ArrayList<Integer>();
    for (var node : edits.nodes()) {
      var gpu = GPU.matcher(node.path());
      if (gpu.matches()) {
        minors.add(Integer.valueOf(gpu.group(1)));
      } else if (node.path().startsWith("/dev/nvidia-caps/")) {
        return Optional.empty();
      }
    }
    return minors.size() == 1 ? Optional.of(minors.get(0)) : Optional.empty();
  }

  /**
   * Returns the driver's version.
   *
   * @return the version, if a driver is loaded
   */
  public Optional<String> driver() {
    return driver.version();
  }

  /**
   * Returns the names of the GPUs that are described.
   *
   * @return a name each, in the order in which they are given away
   */
  public List<String> models() {
    return gpus.keySet().stream().map(this::model).toList();
  }

  /**
   * Returns what of the descriptions cannot be used.
   *
   * @return a sentence each
   */
  public List<String> problems() {
    return problems;
  }

  private String model(int minor) {
    return driver.models().getOrDefault(minor, "a GPU of unknown model");
  }

  /**
   * Chooses GPUs.
   *
   * @param wanted how many, and of which model
   * @return what a sandbox needs to use them
   * @throws GpuUnavailableException if they are not there, or not described in a usable way
   */
  public GpuAccess choose(Gpus wanted) {
    if (driver.version().isEmpty()) {
      throw new GpuUnavailableException(
          "The sandbox wants %s, and this machine has no NVIDIA driver loaded; run it where one is, or leave gpu away"
              .formatted(wanted));
    }
    var part = wanted.model().map(m -> m.toLowerCase(Locale.ROOT)).orElse("");
    var chosen =
        gpus.entrySet().stream()
            .filter(g -> model(g.getKey()).toLowerCase(Locale.ROOT).contains(part))
            .limit(wanted.count())
            .map(Map.Entry::getValue)
            .toList();
    if (chosen.size() < wanted.count()) {
      throw new GpuUnavailableException(tooFew(wanted));
    }
    return access(chosen.stream().reduce(CdiEdits.NONE, CdiEdits::and));
  }

  private String tooFew(Gpus wanted) {
    var why = problems.isEmpty() ? "" : " (" + String.join("; ", problems) + ")";
    if (gpus.isEmpty()) {
      return "The sandbox wants %s, and no GPU is described in /etc/cdi or /var/run/cdi%s; run nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml as root"
          .formatted(wanted, why);
    }
    return "The sandbox wants %s, and this machine has %s%s; want fewer, or another model"
        .formatted(wanted, String.join(", ", models()), why);
  }

  private static GpuAccess access(CdiEdits edits) {
    var devices = new ArrayList<GpuAccess.Device>();
    for (var node : edits.nodes()) {
      if (GPU.matcher(node.path()).matches() || DRIVER_NODES.contains(node.path())) {
        devices.add(device(node));
      }
    }
    var all = HookMounts.of(edits);
    var mounts = new LinkedHashMap<String, Path>();
    new TreeMap<>(all.mounts())
        .forEach(
            (target, source) ->
                mount(target, Path.of(source)).ifPresent(s -> mounts.put(target, s)));
    return new GpuAccess(devices, mounts, edits.environment(), all.libraries());
  }

  private static GpuAccess.Device device(CdiEdits.Node node) {
    if (!node.hostPath().equals(node.path())) {
      throw new GpuUnavailableException(
          "The GPU's description shows %s as %s, which gVisor cannot; describe it anew with nvidia-ctk cdi generate"
              .formatted(node.hostPath(), node.path()));
    }
    try {
      var number =
          node.number().isPresent()
              ? node.number().get()
              : DeviceNumber.of(Path.of(node.hostPath()));
      return new GpuAccess.Device(node.path(), number);
    } catch (IOException e) {
      throw new GpuUnavailableException(
          "The GPU's device %s is described and not there (%s); is the driver loaded, as nvidia-smi shows?"
              .formatted(node.hostPath(), e.getMessage()));
    }
  }

  /** Sockets are left out: sandboxes have no use for the host's. */
  private static Optional<Path> mount(String target, Path source) {
    if (NEEDED_ELSEWHERE.stream().anyMatch(Path.of(target)::startsWith) || target.equals("/")) {
      throw new GpuUnavailableException(
          "The GPU's description mounts %s at %s, which the sandbox needs itself; describe it anew with nvidia-ctk cdi generate"
              .formatted(source, target));
    }
    if (!Files.exists(source)) {
      throw new GpuUnavailableException(
          "The GPU's description needs %s, which is not there; describe it anew with nvidia-ctk cdi generate, as after every change of the driver"
              .formatted(source));
    }
    return Files.isRegularFile(source) || Files.isDirectory(source)
        ? Optional.of(source)
        : Optional.empty();
  }
}

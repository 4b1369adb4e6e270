package dev.sandboxed.gvisor;

import dev.sandboxed.GpuUnavailableException;
import dev.sandboxed.Gpus;
import dev.sandboxed.core.gpu.GpuAccess;
import dev.sandboxed.core.gpu.HostGpus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Gives sandboxes GPUs, through gVisor's proxy of NVIDIA's driver. */
final class GpuStart {
  private static final String LIBRARY_PATH = "LD_LIBRARY_PATH";
  private static final int SHOWN_DRIVERS = 5;

  private final HostGpus host;
  private final List<String> drivers;

  private GpuStart(HostGpus host, List<String> drivers) {
    this.host = host;
    this.drivers = drivers;
  }

  /** Pairs what a host has with the versions of its driver that a runsc knows. */
  static GpuStart of(HostGpus host, List<String> drivers) {
    return new GpuStart(host, List.copyOf(drivers));
  }

  /** Looks at this machine and asks its runsc. */
  static GpuStart find(Path runsc) {
    try {
      var answer = Commands.run(List.of(runsc.toString(), "nvproxy", "list-supported-drivers"));
      return of(HostGpus.find(), answer.output().lines().filter(l -> !l.isBlank()).toList());
    } catch (IOException e) {
      throw new GpuUnavailableException(
          "%s does not say which GPU drivers it supports: %s".formatted(runsc, e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GpuUnavailableException("Interrupted while asking " + runsc + " for GPU drivers");
    }
  }

  /** Chooses what a sandbox wants, or says why it cannot have it. */
  GpuAccess choose(Gpus wanted) {
    var access = host.choose(wanted);
    unsupported()
        .ifPresent(
            why -> {
              throw new GpuUnavailableException("The sandbox wants " + wanted + ", and " + why);
            });
    return access;
  }

  /** Says why the host's driver cannot be used, if so. */
  Optional<String> unsupported() {
    return host.driver()
        .filter(version -> !drivers.contains(version))
        .map(
            version ->
                "the NVIDIA driver %s is none that this runsc supports; install one of them, such as %s"
                    .formatted(
                        version,
                        String.join(
                            ", ",
                            drivers.subList(
                                Math.max(0, drivers.size() - SHOWN_DRIVERS), drivers.size()))));
  }

  HostGpus host() {
    return host;
  }

  /** Adds what programs inside need to the variables that they get; the user's own stay. */
  static Map<String, String> environment(GpuAccess access, Map<String, String> own) {
    var all = new LinkedHashMap<>(access.environment());
    all.putAll(own);
    var libraries = new ArrayList<String>();
    var before = all.getOrDefault(LIBRARY_PATH, "");
    if (!before.isEmpty()) {
      libraries.add(before);
    }
    libraries.addAll(access.libraries());
    if (!libraries.isEmpty()) {
      all.put(LIBRARY_PATH, String.join(":", libraries));
    }
    return all;
  }
}

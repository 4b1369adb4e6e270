package dev.sandboxed.gvisor;

import dev.sandboxed.Backend.Finding;
import dev.sandboxed.Backend.Finding.Level;
import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.GpuUnavailableException;
import dev.sandboxed.KeptImage;
import dev.sandboxed.NetworkPolicy;
import dev.sandboxed.OutputTail;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.core.binaries.BinaryCache;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.Platform;
import dev.sandboxed.core.binaries.SandboxBinaries;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.buildtools.BuildTools;
import dev.sandboxed.core.image.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Looks at what sandboxes need from this machine, and starts one. */
final class Doctor {
  private static final long LITTLE_SPACE = 1L << 30;

  /** What the keeper calls the limits, for people. */
  private static final Map<String, String> LIMITS =
      Map.of("memory", "memory limit", "cpu", "cpu limit", "pids", "process limit");

  private final Settings settings;
  private final GvisorBackend backend;
  private final BuildTools tools;
  private final List<Finding> findings = new ArrayList<>();

  Doctor(Settings settings, GvisorBackend backend, BuildTools tools) {
    this.settings = settings;
    this.backend = backend;
    this.tools = tools;
  }

  List<Finding> findings() {
    try {
      add("platform", Level.OK, Platform.current().id(), "");
      var cache = CacheRoot.from(settings);
      var binaries =
          SandboxBinaries.locate(settings, new BinaryCache(cache), Doctor.class.getClassLoader());
      host(binaries);
      runtime(binaries);
      gpus(binaries);
      space(cache);
      images();
      add("state directory", Level.OK, StateDirectory.open(settings).path().toString(), "");
      start();
      network();
      buildTools();
    } catch (BackendUnavailableException e) {
      add("backend", Level.ERROR, message(e), "see the detail");
    }
    return List.copyOf(findings);
  }

  /** Asks the keeper, which tries what it will need. */
  private void host(SandboxBinaries binaries) {
    try {
      for (var check : HostCheck.all(binaries.keeper())) {
        var level = check.ok() ? Level.OK : check.required() ? Level.ERROR : Level.WARNING;
        add(LIMITS.getOrDefault(check.name(), check.name()), level, check.detail(), check.fix());
      }
      add(
          "disk limit",
          Level.OK,
          "kept by the sandbox's own kernel, exactly: what is written inside lives in memory, and"
              + " counts against the memory limit too; volumes and writable mounts are the host's",
          "");
    } catch (IOException e) {
      add("host", Level.ERROR, "The keeper cannot check it: " + message(e), "");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      add("host", Level.WARNING, "not checked: interrupted", "");
    }
  }

  private void runtime(SandboxBinaries binaries) {
    try {
      var answer = Commands.run(List.of(binaries.runsc().toString(), "--version"));
      var version = answer.output().lines().findFirst().orElse("");
      add(
          "runsc",
          answer.code() == 0 ? Level.OK : Level.ERROR,
          "%s: %s".formatted(binaries.runsc(), version),
          answer.code() == 0 ? "" : "name a working runsc, or none, to use the bundled one");
    } catch (IOException e) {
      add("runsc", Level.ERROR, binaries.runsc() + ": " + message(e), "is its directory noexec?");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      add("runsc", Level.WARNING, "not checked: interrupted", "");
    }
  }

  /**
   * GPUs are no need: a machine without is fine, one whose driver cannot be used is worth a word.
   */
  private void gpus(SandboxBinaries binaries) {
    try {
      var gpus = GpuStart.find(binaries.runsc());
      var driver = gpus.host().driver();
      var models = gpus.host().models();
      if (driver.isEmpty()) {
        add("gpus", Level.OK, "none: no NVIDIA driver is loaded", "");
      } else if (gpus.unsupported().isPresent()) {
        add("gpus", Level.WARNING, gpus.unsupported().get(), "sandboxes get no GPU without it");
      } else if (models.isEmpty()) {
        add(
            "gpus",
            Level.WARNING,
            "the driver %s is loaded, and no GPU is described; %s"
                .formatted(driver.get(), String.join("; ", gpus.host().problems())),
            "run nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml as root");
      } else {
        add(
            "gpus",
            Level.OK,
            "%s, driver %s".formatted(String.join(", ", models), driver.get()),
            "");
      }
    } catch (GpuUnavailableException e) {
      add(
          "gpus",
          Level.WARNING,
          message(e),
          "name a working runsc, or none, to use the bundled one");
    }
  }

  private void space(CacheRoot cache) {
    try {
      var free = Files.getFileStore(cache.path()).getUsableSpace();
      add(
          "cache",
          free < LITTLE_SPACE ? Level.WARNING : Level.OK,
          "%s, %,d MiB free".formatted(cache.path(), free >> 20),
          free < LITTLE_SPACE ? "free some space, or name another with " + CacheRoot.PROPERTY : "");
    } catch (IOException e) {
      add("cache", Level.ERROR, cache.path() + ": " + message(e), "");
    }
  }

  private void images() {
    try {
      var kept = backend.images().list();
      var files =
          kept.stream()
              .filter(k -> k.kind() == KeptImage.Kind.IMAGE || k.kind() == KeptImage.Kind.LAYER)
              .count();
      var snapshots = kept.size() - files;
      var limits = StoreLimits.from(settings);
      add(
          "images",
          Level.OK,
          "%,d MiB in %,d files, %,d snapshots; kept up to %s (%s), unused for %,d days at most (%s)"
              .formatted(
                  kept.stream().mapToLong(k -> k.size().bytes()).sum() >> 20,
                  files,
                  snapshots,
                  limits.maxSize(),
                  StoreLimits.MAX_SIZE,
                  limits.maxAge().toDays(),
                  StoreLimits.MAX_AGE),
          "");
    } catch (SandboxException e) {
      add("images", Level.ERROR, message(e), "");
    }
  }

  private void start() {
    try (var sandbox = Sandbox.builder().backend(backend).create()) {
      var startup = sandbox.startup();
      add(
          "a sandbox",
          Level.OK,
          "starts and answers in %,d ms (prepared %,d, runtime %,d, agent %,d)"
              .formatted(
                  startup.total().toMillis(),
                  startup.prepared().toMillis(),
                  startup.started().toMillis(),
                  startup.answered().toMillis()),
          "");
    } catch (SandboxException e) {
      add("a sandbox", Level.ERROR, message(e), "see the findings above");
    }
  }

  /** Gives a sandbox a network under a policy that allows nothing, and looks for its device. */
  private void network() {
    try (var sandbox = Sandbox.builder().backend(backend).network(NetworkPolicy.none()).create()) {
      var devices = sandbox.files().readText("/proc/net/dev");
      var found = devices.lines().anyMatch(line -> line.strip().startsWith("tun0:"));
      add(
          "network device",
          found ? Level.OK : Level.WARNING,
          found
              ? "sandboxes can be given a network; it is closed unless a policy opens it"
              : "sandboxes work, but get no network device inside, so that network(...) opens"
                  + " nothing",
          found ? "" : "name a runsc that has /dev/net/tun, or none, to use the bundled one");
    } catch (SandboxException e) {
      add(
          "network device",
          Level.WARNING,
          message(e),
          "sandboxes without network(...) work if the line above says so");
    }
  }

  /** Says what NetworkPolicy.buildTools() would allow, and why. */
  private void buildTools() {
    var access = tools.access();
    var hosts = new LinkedHashMap<String, List<String>>();
    for (var host : access.hosts()) {
      hosts
          .computeIfAbsent(host.tool(), tool -> new ArrayList<>())
          .add("%s (%s)".formatted(host.pattern(), host.source()));
    }
    hosts.forEach((tool, from) -> add(tool, Level.OK, "from " + String.join(", ", from), ""));
    access.warnings().forEach(warning -> add("build tools", Level.WARNING, warning, ""));
  }

  private void add(String topic, Level level, String detail, String fix) {
    findings.add(new Finding(topic, level, OutputTail.printable(detail), fix));
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }
}

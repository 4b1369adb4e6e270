package dev.sandboxed.gvisor;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Mount;
import dev.sandboxed.core.gpu.GpuAccess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes the OCI runtime specification of one sandbox, with gVisor's own annotations.
 *
 * @see <a href="https://github.com/opencontainers/runtime-spec/blob/main/config.md">OCI runtime
 *     specification</a>
 */
final class RuntimeSpec {
  /** Every user inside may use the GPUs: rw for all. */
  private static final int DEVICE_MODE = 0666;

  /** Where the agent's image is mounted; targets of mounts may not be there. */
  private static final String AGENT_DIRECTORY = "/.sandboxed";

  /** What the root of a Docker container may do, and what the agent needs to serve as process 1. */
  private static final List<String> CAPABILITIES =
      List.of(
          "CAP_AUDIT_WRITE",
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_DAC_READ_SEARCH",
          "CAP_FOWNER",
          "CAP_FSETID",
          "CAP_IPC_LOCK",
          "CAP_KILL",
          "CAP_MKNOD",
          "CAP_NET_ADMIN",
          "CAP_NET_BIND_SERVICE",
          "CAP_NET_RAW",
          "CAP_SETFCAP",
          "CAP_SETGID",
          "CAP_SETPCAP",
          "CAP_SETUID",
          "CAP_SYS_ADMIN",
          "CAP_SYS_CHROOT",
          "CAP_SYS_NICE",
          "CAP_SYS_PTRACE",
          "CAP_SYS_RESOURCE");

  private final List<Map<String, Object>> mounts = new ArrayList<>();
  private final Map<String, String> annotations = new LinkedHashMap<>();
  private final Set<String> shared = new HashSet<>();
  private final List<Map<String, Object>> devices = new ArrayList<>();
  private final String hostname;

  RuntimeSpec(String hostname, Path rootImage, Path agentImage, ByteSize disk) {
    this.hostname = hostname;
    annotations.put("dev.gvisor.spec.rootfs.source", rootImage.toString());
    annotations.put("dev.gvisor.spec.rootfs.type", "erofs");
    annotations.put("dev.gvisor.spec.rootfs.overlay", "memory");
    annotations.put("dev.gvisor.spec.rootfs.options", "size=" + disk.bytes());
    mount("/proc", "proc", "proc", List.of("nosuid", "noexec", "nodev"));
    mount("/dev", "tmpfs", "tmpfs", List.of("nosuid", "mode=755"));
    mount("/dev/pts", "devpts", "devpts", List.of("nosuid", "noexec"));
    mount("/dev/shm", "tmpfs", "shm", tmpfs(disk));
    mount("/sys", "sysfs", "sysfs", List.of("nosuid", "noexec", "nodev", "ro"));
    mount("/tmp", "tmpfs", "tmp", tmpfs(disk));
    mount(AGENT_DIRECTORY, "erofs", agentImage.toString(), List.of("ro"));
  }

  /** Shows a host directory that nobody changes while the sandbox runs, such as a tool chain. */
  void hostTools(String target, Path source) {
    mount(target, "bind", source.toString(), List.of("rbind", "ro"));
  }

  /** Shows what the user asked for. */
  void hostMount(String target, String source, Mount.Access access) {
    var writable = access != Mount.Access.READ_ONLY;
    mount(target, "bind", source, List.of("rbind", writable ? "rw" : "ro"));
    if (access != Mount.Access.COPY_ON_WRITE && shared.add(source)) {
      // The host may change it meanwhile, so nothing of it may be remembered for long.
      var prefix = "dev.gvisor.spec.mount.m" + mounts.size() + ".";
      annotations.put(prefix + "source", source);
      annotations.put(prefix + "type", "bind");
      annotations.put(prefix + "share", "shared");
    }
  }

  /** Shows GPUs, and the libraries of their driver. */
  void gpus(GpuAccess access) {
    access.mounts().forEach(this::hostTools);
    for (var device : access.devices()) {
      devices.add(
          Map.of(
              "path",
              device.path(),
              "type",
              "c",
              "major",
              device.number().major(),
              "minor",
              device.number().minor(),
              "fileMode",
              DEVICE_MODE));
    }
  }

  Map<String, Object> build() {
    var spec = new LinkedHashMap<String, Object>();
    spec.put("ociVersion", "1.0.2");
    spec.put(
        "process",
        Map.of(
            "args",
            List.of(AGENT_DIRECTORY + "/agent"),
            "cwd",
            "/",
            "env",
            List.of(),
            "user",
            Map.of("uid", 0, "gid", 0),
            "capabilities",
            Map.of(
                "bounding", CAPABILITIES,
                "effective", CAPABILITIES,
                "inheritable", CAPABILITIES,
                "permitted", CAPABILITIES)));
    spec.put("root", Map.of("path", "{{directory}}/bundle"));
    spec.put("hostname", hostname);
    spec.put("mounts", mounts);
    spec.put("annotations", annotations);
    spec.put(
        "linux",
        Map.of(
            "devices",
            devices,
            "namespaces",
            List.of(
                Map.of("type", "pid"),
                Map.of("type", "network"),
                Map.of("type", "ipc"),
                Map.of("type", "uts"),
                Map.of("type", "mount"))));
    return spec;
  }

  private void mount(String target, String type, String source, List<String> options) {
    mounts.add(Map.of("destination", target, "type", type, "source", source, "options", options));
  }

  private static List<String> tmpfs(ByteSize disk) {
    return List.of("nosuid", "nodev", "mode=1777", "size=" + disk.bytes());
  }
}

package dev.sandboxed.core.gpu;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a sandbox needs to use GPUs.
 *
 * @param devices the device nodes
 * @param mounts the host's files and directories, by their paths inside; to be mounted read-only
 * @param environment variables for every process
 * @param libraries directories inside where programs must look for libraries
 */
public record GpuAccess(
    List<Device> devices,
    Map<String, Path> mounts,
    Map<String, String> environment,
    List<String> libraries) {

  /** Makes the value immutable. */
  public GpuAccess {
    devices = List.copyOf(devices);
    mounts = Collections.unmodifiableMap(new LinkedHashMap<>(mounts));
    environment = Map.copyOf(environment);
    libraries = List.copyOf(libraries);
  }

  /**
   * A device node.
   *
   * @param path where it is, inside and on the host
   * @param number the kernel's numbers of it
   */
  public record Device(String path, DeviceNumber number) {}
}

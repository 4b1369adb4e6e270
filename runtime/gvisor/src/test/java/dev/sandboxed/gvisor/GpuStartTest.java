package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sandboxed.ByteSize;
import dev.sandboxed.GpuUnavailableException;
import dev.sandboxed.Gpus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.gpu.GpuAccess;
import dev.sandboxed.core.gpu.HostGpus;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.volume.HostVolumes;
import dev.sandboxed.core.volume.VolumeStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuStartTest {
  private static final Gpus ONE = new Gpus(1, Optional.empty());

  @TempDir Path host;

  @BeforeEach
  void describeGpu() throws IOException {
    var driver = Files.createDirectories(host.resolve("proc/driver/nvidia"));
    Files.writeString(
        driver.resolve("version"),
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06  Thu Aug 22 2026\n");
    Files.writeString(host.resolve("libcuda.so"), "");
    Files.writeString(
        Files.createDirectories(host.resolve("cdi")).resolve("nvidia.yaml"),
        """
        cdiVersion: 0.5.0
        kind: nvidia.com/gpu
        containerEdits:
          env: [NVIDIA_VISIBLE_DEVICES=void]
          deviceNodes: [{path: /dev/nvidiactl, major: 195, minor: 255}]
          mounts: [{hostPath: %s/libcuda.so, containerPath: /usr/lib/libcuda.so}]
          hooks: [{hookName: createContainer, path: /usr/bin/nvidia-cdi-hook, args: [nvidia-cdi-hook, update-ldcache, --folder, /usr/lib]}]
        devices:
        - name: "0"
          containerEdits: {deviceNodes: [{path: /dev/nvidia0, major: 195, minor: 0}]}
        """
            .formatted(host));
  }

  private GpuStart start(String... drivers) {
    return GpuStart.of(
        HostGpus.find(List.of(host.resolve("cdi")), host.resolve("proc")), List.of(drivers));
  }

  @Test
  void putsGpusIntoTheRuntimesSpec() {
    var runtime = new RuntimeSpec("box", Path.of("/root"), Path.of("/agent"), ByteSize.parse("1g"));
    runtime.gpus(start("570.124.06").choose(ONE));
    var spec = JsonObject.of(new LinkedHashMap<>(runtime.build())).toString();
    assertThat(spec)
        .contains("\"path\":\"/dev/nvidia0\"", "\"path\":\"/dev/nvidiactl\"", "\"major\":195")
        .contains("\"source\":\"" + host + "/libcuda.so\"", "\"/usr/lib/libcuda.so\"");
  }

  @Test
  void opensTheProxyOfTheDriverOnlyForSandboxesThatWantGpus() {
    assertThat(flags(Sandbox.builder().gpu(1).build())).contains("--nvproxy=true");
    assertThat(flags(Sandbox.builder().build())).noneMatch(flag -> flag.contains("nvproxy"));
  }

  private static List<String> flags(SandboxSpec spec) {
    var volumes = new HostVolumes(VolumeStore.of(Settings.ofProcess()));
    return RunscFlags.of(Path.of("/runsc"), spec, HostMounts.of(spec, volumes));
  }

  @Test
  void refusesDriversThatTheRuntimeDoesNotKnow() {
    assertThatThrownBy(() -> start("1.1", "2.2", "3.3", "4.4", "5.5", "6.6").choose(ONE))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessage(
            "The sandbox wants 1 x any GPU, and the NVIDIA driver 570.124.06 is none that this"
                + " runsc supports; install one of them, such as 2.2, 3.3, 4.4, 5.5, 6.6");
  }

  @Test
  void keepsVariablesOfTheUser() {
    var access =
        new GpuAccess(List.of(), Map.of(), Map.of("A", "gpu", "B", "gpu"), List.of("/usr/lib"));
    assertThat(GpuStart.environment(access, Map.of("A", "own", "LD_LIBRARY_PATH", "/own")))
        .containsEntry("A", "own")
        .containsEntry("B", "gpu")
        .containsEntry("LD_LIBRARY_PATH", "/own:/usr/lib");
  }

  @Test
  void saysBeforeAnythingStartsThatThereIsNoGpu() {
    assumeThat(HostGpus.find().driver()).isEmpty();
    assertThatThrownBy(() -> Sandbox.builder().gpu(1, "H200").create())
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("1 x H200")
        .hasMessageContaining("no NVIDIA driver loaded");
  }

  @Test
  void theBundledRuntimeNamesTheDriversItSupports() {
    try (var backend = GvisorBackend.open()) {
      assertThat(backend.check())
          .anySatisfy(finding -> assertThat(finding.topic()).isEqualTo("gpus"));
    }
  }
}

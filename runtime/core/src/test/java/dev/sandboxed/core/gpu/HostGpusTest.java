package dev.sandboxed.core.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.GpuUnavailableException;
import dev.sandboxed.Gpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostGpusTest {
  /** As the vendor's tool writes it, with two GPUs, a part of one, and one more name for each. */
  private static final String YAML =
      """
      cdiVersion: 0.5.0
      kind: nvidia.com/gpu
      containerEdits:
        env:
        - NVIDIA_VISIBLE_DEVICES=void
        deviceNodes:
        - {path: /dev/nvidia-modeset, major: 195, minor: 254}
        - {path: /dev/nvidia-uvm, major: 510, minor: 0}
        - {path: /dev/nvidiactl, major: 195, minor: 255}
        mounts:
        - {hostPath: $ROOT/lib/libcuda.so.570, containerPath: /usr/lib/libcuda.so.570, options: [ro]}
        - {hostPath: $ROOT/lib/nvidia-smi, containerPath: /usr/bin/nvidia-smi}
        hooks:
        - hookName: createContainer
          path: /usr/bin/nvidia-cdi-hook
          args: [nvidia-cdi-hook, create-symlinks, --link, "libcuda.so.1::/usr/lib/libcuda.so",
                 --link, "nowhere::/usr/lib/libnowhere.so"]
        - {hookName: createContainer, path: /usr/bin/nvidia-cdi-hook, args: [nvidia-cdi-hook, update-ldcache, --folder, /usr/lib]}
        - {hookName: createContainer, path: /usr/bin/nvidia-cdi-hook, args: [nvidia-cdi-hook, chmod, --mode, "755", --path, /dev/nvidia-caps]}
      devices:
      - name: "0"
        containerEdits: {deviceNodes: [{path: /dev/nvidia0, major: 195, minor: 0}]}
      - name: 1
        containerEdits: {deviceNodes: [{path: /dev/nvidia1, major: 195, minor: 1}]}
      - name: "0:0"
        containerEdits:
          deviceNodes:
          - {path: /dev/nvidia0, major: 195, minor: 0}
          - {path: /dev/nvidia-caps/nvidia-cap3, major: 236, minor: 3}
      - name: GPU-4711
        containerEdits: {deviceNodes: [{path: /dev/nvidia0, major: 195, minor: 0}]}
      - name: all
        containerEdits:
          deviceNodes:
          - {path: /dev/nvidia0, major: 195, minor: 0}
          - {path: /dev/nvidia1, major: 195, minor: 1}
      """;

  @TempDir Path temporary;
  private FakeGpuHost host;

  @BeforeEach
  void makeHost() throws IOException {
    host = new FakeGpuHost(temporary).library("libcuda.so.570", "libcuda.so.1");
    Files.writeString(host.path("lib/nvidia-smi"), "#!/bin/sh\n");
  }

  private static Gpus any(int count) {
    return new Gpus(count, Optional.empty());
  }

  @Test
  void describesWhatASandboxNeeds() throws IOException {
    host.driver("570.124.06", "NVIDIA H200", "NVIDIA L4").describe("etc/nvidia.yaml", YAML);
    var access = host.find().choose(any(1));
    assertThat(access.devices())
        .containsExactlyInAnyOrder(
            new GpuAccess.Device("/dev/nvidia0", new DeviceNumber(195, 0)),
            new GpuAccess.Device("/dev/nvidiactl", new DeviceNumber(195, 255)),
            new GpuAccess.Device("/dev/nvidia-uvm", new DeviceNumber(510, 0)));
    var cuda = host.path("lib/libcuda.so.570");
    assertThat(access.mounts())
        .containsOnlyKeys(
            "/usr/bin/nvidia-smi",
            "/usr/lib/libcuda.so",
            "/usr/lib/libcuda.so.1",
            "/usr/lib/libcuda.so.570")
        .containsEntry("/usr/lib/libcuda.so.1", cuda)
        .containsEntry("/usr/lib/libcuda.so", cuda);
    assertThat(access.environment()).containsEntry("NVIDIA_VISIBLE_DEVICES", "void");
    assertThat(access.libraries()).containsExactly("/usr/lib");
  }

  @Test
  void countsEachGpuOnceWhateverItsNames() throws IOException {
    host.driver("570.124.06", "NVIDIA H200", "NVIDIA L4").describe("etc/nvidia.yaml", YAML);
    assertThat(host.find().models()).containsExactly("NVIDIA H200", "NVIDIA L4");
    assertThat(host.find().choose(any(2)).devices())
        .extracting(GpuAccess.Device::path)
        .contains("/dev/nvidia0", "/dev/nvidia1");
    assertThatThrownBy(() -> host.find().choose(any(3)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessage(
            "The sandbox wants 3 x any GPU, and this machine has NVIDIA H200, NVIDIA L4; want"
                + " fewer, or another model");
  }

  @ParameterizedTest
  @CsvSource({"l4, /dev/nvidia1", "H200, /dev/nvidia0", "nvidia, /dev/nvidia0"})
  void choosesByModel(String model, String device) throws IOException {
    host.driver("570.124.06", "NVIDIA H200", "NVIDIA L4").describe("etc/nvidia.yaml", YAML);
    var chosen = host.find().choose(new Gpus(1, Optional.of(model)));
    assertThat(chosen.devices()).extracting(GpuAccess.Device::path).contains(device);
  }

  @Test
  void namesWhatIsThereInPlaceOfAModel() throws IOException {
    host.driver("570.124.06", "NVIDIA L4", "NVIDIA L4").describe("etc/nvidia.yaml", YAML);
    assertThatThrownBy(() -> host.find().choose(new Gpus(1, Optional.of("H200"))))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("1 x H200")
        .hasMessageContaining("NVIDIA L4, NVIDIA L4");
  }

  @Test
  void saysThatThereIsNoDriver() throws IOException {
    host.describe("etc/nvidia.yaml", YAML);
    assertThat(host.find().driver()).isEmpty();
    assertThatThrownBy(() -> host.find().choose(any(1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("no NVIDIA driver loaded");
  }

  @Test
  void saysHowGpusAreDescribed() throws IOException {
    host.driver("570.124.06", "NVIDIA H200");
    assertThatThrownBy(() -> host.find().choose(any(1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("nvidia-ctk cdi generate");
  }

  @Test
  void prefersDescriptionsOfTheRunningSystem() throws IOException {
    host.driver("570.124.06", "NVIDIA H200")
        .describe("etc/nvidia.yaml", YAML)
        .describe(
            "run/nvidia.json",
            """
            {"cdiVersion": "0.6.0", "kind": "nvidia.com/gpu", "devices": [
              {"name": "0", "containerEdits": {
                "env": ["FROM=run"], "deviceNodes": [{"path": "/dev/nvidia0", "major": 195, "minor": 0}]}}]}
            """);
    assertThat(host.find().choose(any(1)).environment()).containsEntry("FROM", "run");
  }

  @Test
  void leavesOtherDevicesAlone() throws IOException {
    host.driver("570.124.06", "NVIDIA H200")
        .describe("etc/other.yaml", YAML.replace("nvidia.com/gpu", "example.com/gpu"));
    assertThat(host.find().models()).isEmpty();
    assertThat(host.find().problems()).isEmpty();
  }

  @Test
  void refusesDevicesThatAreDescribedTwice() throws IOException {
    host.driver("570.124.06", "NVIDIA H200")
        .describe("etc/a.yaml", YAML)
        .describe("etc/b.yaml", YAML);
    assertThat(host.find().models()).isEmpty();
    assertThatThrownBy(() -> host.find().choose(any(1))).hasMessageContaining("twice");
  }

  @Test
  void saysWhichFileOfADriverIsGone() throws IOException {
    host.driver("570.124.06", "NVIDIA H200").describe("etc/nvidia.yaml", YAML);
    Files.delete(host.path("lib/nvidia-smi"));
    assertThatThrownBy(() -> host.find().choose(any(1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining(host.path("lib/nvidia-smi").toString());
  }

  @Test
  void runsNoHook() throws IOException {
    host.driver("570.124.06", "NVIDIA H200")
        .describe("etc/nvidia.yaml", YAML.replace("nvidia-cdi-hook, chmod", "touch, /tmp/x"));
    assertThatThrownBy(() -> host.find().choose(any(1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("/tmp/x")
        .hasMessageContaining("not run");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/proc/driver", "/dev/shm", "/sys", "/.sandboxed/agent", "/"})
  void keepsWhatASandboxNeedsItself(String target) throws IOException {
    host.driver("570.124.06", "NVIDIA H200")
        .describe("etc/nvidia.yaml", YAML.replace("/usr/bin/nvidia-smi", target));
    assertThatThrownBy(() -> host.find().choose(any(1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("at " + target);
  }

  @Test
  void asksTheDeviceWhereTheDescriptionHasNoNumbers() throws IOException {
    assertThat(DeviceNumber.of(Path.of("/dev/null"))).isEqualTo(new DeviceNumber(1, 3));
    host.driver("570.124.06", "NVIDIA H200")
        .describe("etc/nvidia.yaml", YAML.replace(", major: 195, minor: 0}", "}"));
    assertThatThrownBy(() -> host.find().choose(any(1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("/dev/nvidia0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cdiVersion: 0.5.0| cdiVersion: 7.0.0| cdiVersion",
        "path: /dev/nvidiactl| path: ../dev/nvidiactl| ../dev/nvidiactl",
        "containerPath: /usr/bin/nvidia-smi| containerPath: /usr/../etc/passwd| /usr/../etc/passwd",
        "NVIDIA_VISIBLE_DEVICES=void| NVIDIA_VISIBLE_DEVICES| no value",
        "name: all| name: \"0\"| two devices 0",
        "name: all| name: [all]| name",
        "kind: nvidia.com/gpu| kind: {{{| line",
      })
  void namesWhatIsWrongWithADescription(String from, String to, String mention) throws IOException {
    host.driver("570.124.06", "NVIDIA H200").describe("etc/nvidia.yaml", YAML.replace(from, to));
    assertThatThrownBy(() -> host.find().choose(any(1)))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining(mention);
  }

  @Test
  void survivesHostileDescriptions() throws IOException {
    host.driver("570.124.06", "NVIDIA H200")
        .describe("etc/deep.yaml", "[".repeat(100_000))
        .describe("etc/deep.json", "[".repeat(100_000))
        .describe("etc/large.yaml", "x".repeat(2 << 20))
        .describe("etc/empty.yaml", "")
        .describe(
            "etc/bomb.yaml", "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nkind: nvidia.com/gpu\n")
        .describe("run/nvidia.yaml", YAML);
    Files.createSymbolicLink(host.path("etc/loop.yaml"), host.path("etc/loop.yaml"));
    Files.createDirectory(host.path("etc/directory.yaml"));
    assertThat(host.find().choose(any(1)).devices()).isNotEmpty();
    assertThat(host.find().problems()).hasSizeGreaterThan(5);
  }

  @Test
  void readsNamesOfLibrariesOnly() throws IOException {
    var library = host.path("lib/libcuda.so.570");
    assertThat(SharedObject.nameOf(library)).contains("libcuda.so.1");
    assertThat(SharedObject.nameOf(host.path("lib/nvidia-smi"))).isEmpty();
    assertThat(SharedObject.nameOf(host.path("lib"))).isEmpty();
    assertThat(SharedObject.nameOf(host.path("nothing"))).isEmpty();
    var whole = FakeGpuHost.elf("libcuda.so.1");
    for (var length = 0; length < whole.length - "libcuda.so.1".length() - 1; length++) {
      Files.write(library, java.util.Arrays.copyOf(whole, length));
      assertThat(SharedObject.nameOf(library)).isEmpty();
    }
    for (var i = 0; i < whole.length; i++) {
      for (var value : new byte[] {0, 1, 127, -1}) {
        var changed = whole.clone();
        changed[i] = value;
        Files.write(library, changed);
        assertThat(SharedObject.nameOf(library).orElse("a")).matches("[\\w.+-]+");
      }
    }
    Files.write(library, FakeGpuHost.elf("../../etc/passwd"));
    assertThat(SharedObject.nameOf(library)).isEmpty();
  }
}

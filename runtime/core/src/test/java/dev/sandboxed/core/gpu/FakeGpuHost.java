package dev.sandboxed.core.gpu;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A machine with GPUs, as far as files show it. */
final class FakeGpuHost {
  private final Path root;

  FakeGpuHost(Path root) throws IOException {
    this.root = root;
    Files.createDirectories(root.resolve("etc"));
    Files.createDirectories(root.resolve("run"));
    Files.createDirectories(root.resolve("lib"));
  }

  HostGpus find() {
    return HostGpus.find(List.of(root.resolve("etc"), root.resolve("run")), root.resolve("proc"));
  }

  /** Loads a driver that has GPUs of these models. */
  FakeGpuHost driver(String version, String... models) throws IOException {
    var driver = Files.createDirectories(root.resolve("proc/driver/nvidia"));
    Files.writeString(
        driver.resolve("version"),
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  %s  Thu Aug 22 00:34:52 UTC 2026%n"
            .formatted(version));
    for (var i = 0; i < models.length; i++) {
      var gpu = Files.createDirectories(driver.resolve("gpus/0000:0%d:00.0".formatted(i)));
      Files.writeString(
          gpu.resolve("information"),
          "Model: \t\t %s\nIRQ:   \t\t 42\nDevice Minor: \t %d\n".formatted(models[i], i));
    }
    return this;
  }

  FakeGpuHost describe(String file, String text) throws IOException {
    Files.writeString(root.resolve(file), text.replace("$ROOT", root.toString()));
    return this;
  }

  /** Makes a library that is known by another name than its file's. */
  FakeGpuHost library(String file, String name) throws IOException {
    Files.write(root.resolve("lib").resolve(file), elf(name));
    return this;
  }

  Path path(String file) {
    return root.resolve(file);
  }

  /** A 64-bit shared object that has nothing but its name. */
  static byte[] elf(String name) {
    var dynamicAt = 64 + 2 * 56;
    var stringsAt = dynamicAt + 3 * 16;
    var text = ("\0" + name + "\0").getBytes(StandardCharsets.US_ASCII);
    var elf = ByteBuffer.allocate(stringsAt + text.length).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1}).position(32);
    elf.putLong(64).position(54);
    elf.putShort((short) 56).putShort((short) 2).position(64);
    // Loaded at 0x1000, so that addresses and positions differ.
    elf.putInt(1).putInt(5).putLong(0).putLong(0x1000).putLong(0x1000);
    elf.putLong(elf.capacity()).putLong(elf.capacity()).putLong(0x1000);
    elf.putInt(2).putInt(4).putLong(dynamicAt).putLong(0x1000 + dynamicAt).putLong(0);
    elf.putLong(3 * 16).putLong(3 * 16).putLong(8);
    elf.putLong(14).putLong(1).putLong(5).putLong(0x1000 + stringsAt).putLong(0).putLong(0);
    return elf.put(text).array();
  }
}

package dev.sandboxed.core.erofs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.core.support.DebianPackages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An image mounted by the Linux kernel. */
record KernelMount(Path directory) implements AutoCloseable {
  /** Mounts an image; aborts the test, with the reason, where the kernel or the user cannot. */
  static KernelMount of(Path image) throws IOException {
    assumePossible();
    Path directory = Files.createTempDirectory("erofs-mount");
    DebianPackages.run(
        "mount", "-t", "erofs", "-o", "loop,ro", image.toString(), directory.toString());
    return new KernelMount(directory);
  }

  static void assumePossible() throws IOException {
    assumeTrue(
        DebianPackages.isRoot(),
        "mounting an image with the kernel needs root, and this is user "
            + System.getProperty("user.name"));
    String fileSystems = Files.readString(Path.of("/proc/filesystems"));
    assumeTrue(
        fileSystems.contains("erofs"),
        "this kernel has no erofs (CONFIG_EROFS_FS); it has: " + fileSystems);
    assumeTrue(
        Files.exists(Path.of("/dev/loop-control")),
        "this kernel or container has no loop devices (/dev/loop-control)");
  }

  @Override
  public void close() throws IOException {
    DebianPackages.run("umount", directory.toString());
    Files.delete(directory);
  }
}

package dev.sandboxed.core.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The numbers by which the kernel knows a device.
 *
 * @param major the driver's
 * @param minor the device's
 */
public record DeviceNumber(long major, long minor) {

  /** Reads those of a device node on the host. */
  static DeviceNumber of(Path node) throws IOException {
    var mode = (Integer) Files.getAttribute(node, "unix:mode");
    if ((mode & 0xF000) != 0x2000) {
      throw new IOException(node + " is not a character device");
    }
    var device = ((Number) Files.getAttribute(node, "unix:rdev")).longValue();
    return new DeviceNumber(
        (device >>> 8 & 0xFFF) | (device >>> 32 & 0xFFFF_F000L),
        (device & 0xFF) | (device >>> 12 & 0xFFFF_FF00L));
  }
}

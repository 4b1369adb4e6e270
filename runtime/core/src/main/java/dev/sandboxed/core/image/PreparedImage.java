package dev.sandboxed.core.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An image as a backend needs it.
 *
 * @param digest names everything that the image is made of, 64 hexadecimal digits
 * @param erofs the root file system, an EROFS file
 * @param mounts host directories that belong to the image, parents first
 * @param environment what programs inside start with, {@code PATH} among it
 * @param workingDirectory where programs inside start, an absolute path
 */
public record PreparedImage(
    String digest,
    Path erofs,
    List<HostMount> mounts,
    Map<String, String> environment,
    String workingDirectory) {
  public PreparedImage {
    mounts = List.copyOf(mounts);
    environment = Map.copyOf(environment);
  }
}

package dev.sandboxed.core.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An image as a backend needs it.
 *
 * @param digest names everything that the image is made of, 64 hexadecimal digits
 * @param erofs the root file system, an EROFS file
 * @param mounts host directories that belong to the image, parents first
 * @param environment what programs inside start with, {@code PATH} among it
 * @param workingDirectory where programs inside start, an absolute path
 * @param user who runs them, unless told otherwise; root if empty
 * @param entrypoint what stands before the command of a sandbox
 */
public record PreparedImage(
    String digest,
    Path erofs,
    List<HostMount> mounts,
    Map<String, String> environment,
    String workingDirectory,
    Optional<String> user,
    List<String> entrypoint) {
  public PreparedImage {
    mounts = List.copyOf(mounts);
    environment = Map.copyOf(environment);
    entrypoint = List.copyOf(entrypoint);
  }
}

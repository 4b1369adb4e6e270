package dev.sandboxed;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The files of a volume, from the host's side: no sandbox needs to run. Thread-safe.
 *
 * <p>Paths are Linux paths that start at the volume's top, with or without a slash. What is in a
 * volume is hostile: symbolic links are neither followed nor created on the way, so nothing outside
 * of the volume is read or changed, whatever code in a running sandbox does meanwhile. Errors are
 * {@link SandboxFileException} and its subclasses.
 *
 * <pre>{@code
 * var files = Volume.named("models").files();
 * files.upload().directory(Path.of("target/models"), "v2").force().run();
 * files.removeRecursively("v1");
 * }</pre>
 */
public interface VolumeFiles {

  /**
   * Lists a directory, sorted by name.
   *
   * @param path the directory; {@code /} is the top
   * @return what is in it; 1,000,000 entries at most
   */
  List<VolumeFile> list(String path);

  /**
   * Describes a file; a symbolic link is described itself.
   *
   * @param path the file
   * @return the description
   */
  VolumeFile stat(String path);

  /**
   * Returns whether there is something at a path; a dangling symbolic link is something.
   *
   * @param path the path
   * @return whether it exists
   */
  default boolean exists(String path) {
    try {
      stat(path);
      return true;
    } catch (SandboxFileException.NotFound | SandboxFileException.NotADirectory e) {
      return false;
    }
  }

  /**
   * Reads a file as UTF-8, malformed bytes replaced.
   *
   * @param path the file
   * @return its text
   * @throws SandboxFileException.TooLarge above 64 MiB; use {@link #inputStream}
   */
  default String readText(String path) {
    return new String(readBytes(path), StandardCharsets.UTF_8);
  }

  /**
   * Reads a file.
   *
   * @param path the file
   * @return its bytes
   * @throws SandboxFileException.TooLarge above 64 MiB; use {@link #inputStream}
   */
  byte[] readBytes(String path);

  /**
   * Opens a file to read.
   *
   * @param path the file
   * @return a stream that the caller closes
   */
  InputStream inputStream(String path);

  /**
   * Begins an upload of any number of files and directories.
   *
   * @return what to upload, nothing so far
   */
  VolumeUpload upload();

  /**
   * Removes a file or an empty directory.
   *
   * @param path the file
   */
  void remove(String path);

  /**
   * Removes a file or a directory with all it holds; it disappears in one step.
   *
   * @param path the file or directory, not the top: that goes with {@link Volumes#remove}
   */
  void removeRecursively(String path);
}

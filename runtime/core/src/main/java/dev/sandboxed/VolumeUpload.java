package dev.sandboxed;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A batch of files on its way into a volume. Not thread-safe.
 *
 * <p>Everything is copied next to the volume first. Then it is checked that nothing is in the way,
 * and only then each file appears in one step: whoever reads meanwhile sees no half of one, and an
 * upload that is refused changes nothing. Directories that exist are merged into; missing parents
 * are made. Modes, times and symbolic links are kept, links unfollowed.
 *
 * <pre>{@code
 * Volume.named("site").files().upload()
 *     .directory(Path.of("target/site"), "/")
 *     .text("2.1\n", "version")
 *     .force()
 *     .run();
 * }</pre>
 */
public interface VolumeUpload {

  /**
   * Adds a file of the host.
   *
   * @param source the file
   * @param target its path in the volume
   * @return this
   */
  VolumeUpload file(Path source, String target);

  /**
   * Adds a directory of the host with all it holds.
   *
   * @param source the directory
   * @param target the path in the volume that it gets, not that of its parent; {@code /} is the top
   * @return this
   */
  VolumeUpload directory(Path source, String target);

  /**
   * Adds a file of these bytes.
   *
   * @param content the bytes
   * @param target its path in the volume
   * @return this
   */
  VolumeUpload bytes(byte[] content, String target);

  /**
   * Adds a file of this text, as UTF-8.
   *
   * @param text the text
   * @param target its path in the volume
   * @return this
   */
  default VolumeUpload text(String text, String target) {
    return bytes(text.getBytes(StandardCharsets.UTF_8), target);
  }

  /**
   * Replaces files that exist; without it they are an error. A directory is never replaced by a
   * file, nor a file by a directory.
   *
   * @return this
   */
  VolumeUpload force();

  /**
   * Uploads what was added.
   *
   * @throws SandboxFileException.AlreadyExists if a file exists and is not to be replaced; nothing
   *     was changed then
   */
  void run();
}

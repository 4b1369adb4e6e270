package dev.sandboxed;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The files of a running sandbox. Thread-safe.
 *
 * <p>Paths are Linux paths inside; relative ones start at the sandbox's working directory. Calls
 * act as root inside. Errors are {@link SandboxFileException} and its subclasses.
 *
 * <pre>{@code
 * sandbox.files().write("/work/a.py", "print(1)");
 * sandbox.files().copyOut("/work", Path.of("target/work"));
 * }</pre>
 */
public interface SandboxFiles {

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
   * Writes a file as UTF-8; replaces what it held. Directories on the way must exist.
   *
   * @param path the file
   * @param text its new text
   */
  default void write(String path, String text) {
    write(path, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes a file; replaces what it held. Directories on the way must exist.
   *
   * @param path the file
   * @param bytes its new contents
   */
  void write(String path, byte[] bytes);

  /**
   * Adds text to the end of a file, as UTF-8; makes it if it is missing.
   *
   * @param path the file
   * @param text what to add
   */
  default void append(String path, String text) {
    append(path, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Adds bytes to the end of a file; makes it if it is missing.
   *
   * @param path the file
   * @param bytes what to add
   */
  void append(String path, byte[] bytes);

  /**
   * Opens a file to read.
   *
   * @param path the file
   * @return a stream that the caller closes
   */
  InputStream inputStream(String path);

  /**
   * Opens a file to write; replaces what it held.
   *
   * @param path the file
   * @return a stream that the caller closes; {@code close} reports an error of the last bytes
   */
  OutputStream outputStream(String path);

  /**
   * Lists a directory, sorted by name.
   *
   * @param path the directory
   * @return what is in it, without {@code .} and {@code ..}; 1,000,000 entries at most
   */
  List<FileStat> list(String path);

  /**
   * Describes a file; a symbolic link is described itself, not what it points to.
   *
   * @param path the file
   * @return the description
   */
  FileStat stat(String path);

  /**
   * Returns whether there is something at a path; a dangling symbolic link is something.
   *
   * @param path the path
   * @return whether it exists
   */
  boolean exists(String path);

  /**
   * Makes a directory.
   *
   * @param path the directory; its parent must exist, it must not
   */
  void makeDirectory(String path);

  /**
   * Makes a directory and its missing parents; one that exists is fine.
   *
   * @param path the directory
   */
  void makeDirectories(String path);

  /**
   * Removes a file or an empty directory; does not follow symbolic links.
   *
   * @param path the file
   */
  void remove(String path);

  /**
   * Removes a file or a directory with all it holds; does not follow symbolic links.
   *
   * @param path the file or directory
   */
  void removeRecursively(String path);

  /**
   * Copies a host file or directory in: owners, modes, links and times are kept.
   *
   * @param source the host's file or directory
   * @param target its new path inside, not its parent; missing parents are made, an existing
   *     directory is merged into, an existing file is replaced
   */
  void copyIn(Path source, String target);

  /**
   * Copies a file or directory out, atomically: the target appears whole or not at all.
   *
   * <p>Modes, links and times are kept, and owners where the host's user may set them. Whatever the
   * sandbox sends, nothing is written outside the target; devices and sockets are left out.
   *
   * @param source the file or directory inside
   * @param target its new path on the host, which must not exist; its parent must
   */
  void copyOut(String source, Path target);

  /**
   * Watches a directory, or a file, for changes.
   *
   * @param path what to watch
   * @param recursive whether directories below are watched too, also later ones
   * @param listener called in order, on one thread
   * @return closes the watch; changes after this call returns are seen
   */
  FileWatch watch(String path, boolean recursive, Consumer<FileEvent> listener);

  /**
   * Copies in as {@link #copyIn} does, without waiting.
   *
   * @param source the host's file or directory
   * @param target its new path inside
   * @return completes at the end; cancelling it stops the copy
   */
  CompletableFuture<Void> copyInAsync(Path source, String target);

  /**
   * Copies out as {@link #copyOut} does, without waiting.
   *
   * @param source the file or directory inside
   * @param target its new path on the host
   * @return completes at the end; cancelling it stops the copy and leaves nothing
   */
  CompletableFuture<Void> copyOutAsync(String source, Path target);

  /**
   * Reads a file as {@link #readBytes} does, without waiting.
   *
   * @param path the file
   * @return completes with its bytes; cancelling it stops the read
   */
  CompletableFuture<byte[]> readBytesAsync(String path);

  /**
   * Writes a file as {@link #write(String, byte[])} does, without waiting.
   *
   * @param path the file
   * @param bytes its new contents
   * @return completes at the end; cancelling it stops the write
   */
  CompletableFuture<Void> writeAsync(String path, byte[] bytes);
}

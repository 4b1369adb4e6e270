package dev.sandboxed.core.volume;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/**
 * A directory by its handle: it stays the same whatever happens to the names that led to it. Names
 * are single ones, never paths, and links are not followed.
 */
final class OpenDirectory implements Closeable {
  private static final Path ITSELF = Path.of(".");

  private final SecureDirectoryStream<Path> handle;

  private OpenDirectory(SecureDirectoryStream<Path> handle) {
    this.handle = handle;
  }

  /** Opens a directory by a path that no sandbox can change. */
  @SuppressWarnings("StreamResourceLeak") // Closed with what is returned.
  static OpenDirectory trusted(Path path) throws IOException {
    return of(Files.newDirectoryStream(path), path);
  }

  /**
   * Opens a directory in this one.
   *
   * @throws NotDirectoryException if it is something else, such as a link
   */
  OpenDirectory child(Path name) throws IOException {
    // Asked first: to open a pipe would wait for its other end. Pipes made inside stay inside, so
    // nobody can put one here in between.
    if (!attributes(name).isDirectory()) {
      throw new NotDirectoryException(name.toString());
    }
    return of(handle.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS), name);
  }

  /** Describes a file; a link is described itself. */
  BasicFileAttributes attributes(Path name) throws IOException {
    return handle
        .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .readAttributes();
  }

  /** Describes a file, if there is one. */
  Optional<BasicFileAttributes> find(Path name) throws IOException {
    try {
      return Optional.of(attributes(name));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Gets names until it has enough. */
  @FunctionalInterface
  interface Visitor {
    /** Takes a name; returns whether it wants more. */
    boolean visit(Path name) throws IOException;
  }

  /** Visits the names in it: in no order, and of one moment or another. */
  void names(Visitor visitor) throws IOException {
    // Each handle can be read once only.
    try (var names = handle.newDirectoryStream(ITSELF, LinkOption.NOFOLLOW_LINKS)) {
      for (var name : names) {
        if (!visitor.visit(name.getFileName())) {
          return;
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  /** Opens a regular file to read. */
  FileChannel read(Path name) throws IOException {
    return (FileChannel)
        handle.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
  }

  /**
   * Makes an empty file.
   *
   * @throws java.nio.file.FileAlreadyExistsException if there is something of this name
   */
  void create(Path name) throws IOException {
    handle
        .newByteChannel(
            name,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS))
        .close();
  }

  /** Moves a file to another directory; replaces a file there, or an empty directory by one. */
  void move(Path name, OpenDirectory target, Path targetName) throws IOException {
    handle.move(name, target.handle, targetName);
  }

  /** Removes anything but a directory. */
  void removeFile(Path name) throws IOException {
    handle.deleteFile(name);
  }

  /** Removes an empty directory. */
  void removeDirectory(Path name) throws IOException {
    handle.deleteDirectory(name);
  }

  /** Returns the mode of a file. */
  Set<PosixFilePermission> permissions(Path name) throws IOException {
    return handle
        .getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .readAttributes()
        .permissions();
  }

  /**
   * Sets the mode of a file that may be read.
   *
   * @throws AccessDeniedException if it may not
   */
  void setPermissions(Path name, Set<PosixFilePermission> permissions) throws IOException {
    handle
        .getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setPermissions(permissions);
  }

  @Override
  public void close() throws IOException {
    handle.close();
  }

  private static OpenDirectory of(DirectoryStream<Path> stream, Path path) throws IOException {
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return new OpenDirectory(secure);
    }
    stream.close();
    throw new FileSystemException(
        path.toString(), null, "its file system cannot be used by handles (openat)");
  }
}

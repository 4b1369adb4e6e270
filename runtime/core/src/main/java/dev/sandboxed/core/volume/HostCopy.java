package dev.sandboxed.core.volume;

import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Copies files of the host with their modes and times; their owner becomes the host's user. */
final class HostCopy {
  private HostCopy() {}

  /** Copies a file; a link is followed. */
  static void file(Path source, Path target) throws IOException {
    var attributes = Files.readAttributes(source, BasicFileAttributes.class);
    Files.copy(source, target);
    Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(source));
    setTime(target, attributes.lastModifiedTime());
  }

  /** Copies a directory with all it holds; links in it are copied as links. */
  static void tree(Path source, Path target) throws IOException {
    var real = source.toRealPath();
    Files.walkFileTree(real, new Copier(real, target));
  }

  /**
   * Moves a directory to another one, which needs the right to write to it: so it gets its mode
   * afterwards.
   */
  static void moveDirectory(OpenDirectory from, Path name, OpenDirectory to, Path target)
      throws IOException {
    var mode = from.permissions(name);
    if (mode.contains(PosixFilePermission.OWNER_WRITE)) {
      from.move(name, to, target);
      return;
    }
    var writable = new HashSet<>(mode);
    writable.addAll(TreeRemover.OWNER_ONLY);
    from.setPermissions(name, writable);
    from.move(name, to, target);
    to.setPermissions(target, mode);
  }

  private static void setTime(Path target, FileTime time) throws IOException {
    Files.getFileAttributeView(target, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setTimes(time, null, null);
  }

  private static final class Copier extends SimpleFileVisitor<Path> {
    private final Path source;
    private final Path target;
    private final Deque<Set<PosixFilePermission>> modes = new ArrayDeque<>();

    Copier(Path source, Path target) {
      this.source = source;
      this.target = target;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
        throws IOException {
      Files.createDirectory(to(directory));
      modes.push(Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS));
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      if (attributes.isRegularFile()) {
        file(file, to(file));
      } else if (attributes.isSymbolicLink()) {
        Files.copy(file, to(file), LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
      } else {
        throw new TreeException(
            file + " is neither a file nor a directory nor a symbolic link; leave it out");
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      var copy = to(directory);
      // The time first: the mode may take away the right to set it.
      setTime(copy, Files.getLastModifiedTime(directory, LinkOption.NOFOLLOW_LINKS));
      Files.setPosixFilePermissions(copy, modes.pop());
      return FileVisitResult.CONTINUE;
    }

    private Path to(Path file) {
      return target.resolve(source.relativize(file));
    }
  }
}

package dev.sandboxed.maven;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.maven.recall.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The files of a checkout that decide what an installation makes: it sees no others, so that its
 * result is never older than what it was made from.
 *
 * <p>The checkout may be hostile: links are not followed.
 *
 * @param checkout the checkout
 * @param workdir where in it the project is
 * @param paths the files, relative to the checkout
 */
record KeyFiles(Path checkout, Path workdir, Set<Path> paths) {
  private static final long MAX_BYTES = 64L << 20;

  KeyFiles {
    paths = Set.copyOf(paths);
  }

  /**
   * Names the files.
   *
   * @param workdir where in the checkout the project is
   * @param names what the project's recognition names, relative to the project
   */
  static KeyFiles of(Path checkout, Path workdir, List<String> names) {
    var paths = new HashSet<Path>();
    for (var name : names) {
      var path = workdir.resolve(name).normalize();
      if (path.isAbsolute() || path.startsWith("..") || path.toString().isEmpty()) {
        throw new InvalidSpecException(
            "The file %s, on which the installation depends, is outside of the checkout %s; leave it out"
                .formatted(SafeText.line(name), checkout));
      }
      paths.add(path);
    }
    return new KeyFiles(checkout, workdir, paths);
  }

  /**
   * Returns these files, and those that commands name, such as a package manager of the project.
   */
  KeyFiles with(List<String> arguments) {
    var all = new HashSet<>(paths);
    for (var argument : arguments) {
      if (argument.isEmpty() || argument.indexOf('\0') >= 0) {
        continue;
      }
      var path = workdir.resolve(argument).normalize();
      if (!path.isAbsolute() && !path.startsWith("..") && isPlain(path)) {
        all.add(path);
      }
    }
    return new KeyFiles(checkout, workdir, all);
  }

  /** Returns whether a path, relative to the checkout, is a directory that has some of them. */
  boolean isAbove(Path path) {
    return workdir.startsWith(path)
        || paths.stream().anyMatch(file -> file.startsWith(path) && !file.equals(path));
  }

  /**
   * Copies them into a directory, each where it is in the checkout, and makes the directory of the
   * project; links are left out.
   */
  void copyTo(Path directory) throws IOException {
    makeDirectories(directory, workdir.resolve("file"));
    var bytes = 0L;
    for (var path : paths) {
      var source = checkout.resolve(path);
      if (!isPlain(path)) {
        continue;
      }
      bytes += Files.size(source);
      if (bytes > MAX_BYTES) {
        throw new InvalidSpecException(
            "The files on which the installation depends have more than %,d bytes; install with -Dsandbox.install=caches"
                .formatted(MAX_BYTES));
      }
      var target = directory.resolve(path);
      makeDirectories(directory, path);
      Files.copy(source, target, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** Adds what they are called, what they hold, and which are missing; links are left out. */
  void addTo(Fingerprint key) throws IOException {
    for (var path : paths.stream().sorted().toList()) {
      if (isPlain(path) && Files.size(checkout.resolve(path)) <= MAX_BYTES) {
        key.text(path.toString()).bytes(Files.readAllBytes(checkout.resolve(path)));
      }
    }
  }

  /** Whoever the image's user is, the installation may write beside the files. */
  static void makeWritableInside(Path directory) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
  }

  private static void makeDirectories(Path directory, Path file) throws IOException {
    var parent = file.getParent();
    for (var i = 1; parent != null && i <= parent.getNameCount(); i++) {
      var made = directory.resolve(parent.subpath(0, i));
      if (!Files.isDirectory(made, LinkOption.NOFOLLOW_LINKS)) {
        makeWritableInside(Files.createDirectory(made));
      }
    }
  }

  private boolean isPlain(Path path) {
    for (var i = 1; i < path.getNameCount(); i++) {
      if (!Files.isDirectory(checkout.resolve(path.subpath(0, i)), LinkOption.NOFOLLOW_LINKS)) {
        return false;
      }
    }
    return Files.isRegularFile(checkout.resolve(path), LinkOption.NOFOLLOW_LINKS);
  }
}

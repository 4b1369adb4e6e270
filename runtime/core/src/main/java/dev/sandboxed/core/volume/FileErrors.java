package dev.sandboxed.core.volume;

import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.Volume;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/**
 * Words the errors of calls on the files of a volume.
 *
 * @param volume the volume
 * @param action what was to be done, such as {@code read}
 * @param path the path in it, as its user gave it
 */
record FileErrors(Volume volume, String action, String path) {
  private static final String NO_SPACE = "No space left on device";
  private static final String QUOTA = "Disk quota exceeded";

  SandboxException of(IOException e) {
    if (e instanceof NoSuchFileException) {
      return notFound();
    }
    if (e instanceof NotDirectoryException n) {
      return notADirectory(String.valueOf(n.getFile()));
    }
    if (e instanceof DirectoryNotEmptyException) {
      return notEmpty();
    }
    if (e instanceof FileAlreadyExistsException) {
      return exists(path, 1);
    }
    if (e instanceof AccessDeniedException) {
      return denied("its mode, or that of a directory on the way, does not allow it");
    }
    return other(e);
  }

  SandboxFileException notFound() {
    return new SandboxFileException.NotFound(begin() + "it does not exist", path);
  }

  /** Says that something on the way is in the way. */
  SandboxFileException notADirectory(String name) {
    return new SandboxFileException.NotADirectory(
        "%s%s is not a directory, and symbolic links in volumes are not followed on the host"
            .formatted(begin(), shown(name)),
        path);
  }

  SandboxFileException isADirectory(String advice) {
    return new SandboxFileException.IsADirectory(begin() + "it is a directory; " + advice, path);
  }

  SandboxFileException notAFile() {
    return new SandboxFileException.PermissionDenied(
        begin()
            + "it is not a regular file, and symbolic links in volumes are not followed on the"
            + " host",
        path);
  }

  SandboxFileException notEmpty() {
    return new SandboxFileException.NotEmpty(
        begin() + "the directory is not empty; use removeRecursively", path);
  }

  SandboxFileException exists(String first, int count) {
    return new SandboxFileException.AlreadyExists(
        "Cannot %s %s in the %s: %s exists%s; add force() to replace what is there"
            .formatted(
                action,
                shown(path),
                volume,
                shown(first),
                count > 1 ? ", as do %,d more files".formatted(count - 1) : ""),
        first);
  }

  SandboxFileException denied(String why) {
    return new SandboxFileException.PermissionDenied(begin() + why, path);
  }

  SandboxFileException tooLarge(String limit) {
    return new SandboxFileException.TooLarge(
        "%sit has more than %s; use inputStream".formatted(begin(), limit), path);
  }

  private SandboxException other(IOException e) {
    var reason = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : "";
    if (reason.contains(NO_SPACE) || reason.contains(QUOTA)) {
      return new SandboxFileException.NoSpace(
          begin() + "the host's disk is full; free some space there", path);
    }
    return new SandboxException(begin() + (reason.isEmpty() ? e.toString() : reason), e);
  }

  private String begin() {
    return "Cannot %s %s in the %s: ".formatted(action, shown(path), volume);
  }

  private static String shown(String path) {
    return path.isEmpty() ? "/" : OutputTail.printable(path);
  }
}

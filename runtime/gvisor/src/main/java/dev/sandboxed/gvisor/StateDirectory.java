package dev.sandboxed.gvisor;

import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The directory that holds the state of this user's running sandboxes: sockets, bundles, logs. It
 * is private to the user.
 *
 * @param path an absolute path
 */
record StateDirectory(Path path) {
  /** The longest path of a sandbox's directory in which the sockets' paths fit the kernel. */
  private static final int MAX_PATH = 91;

  private static final int ID_LENGTH = "sb-".length() + 13;
  private static final String SOCKET = "socket";

  /** Makes sure that the directory exists and that nobody else can use it. */
  static StateDirectory open(Settings settings) {
    var uid = ownUid();
    var directory =
        runtimeDirectory(settings, uid)
            .orElseGet(
                () ->
                    Path.of(settings.property("java.io.tmpdir").orElse("/tmp"))
                        .toAbsolutePath()
                        .resolve("sandboxed-" + uid));
    try {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      // Checked below, whoever made it.
    } catch (IOException e) {
      throw refused(directory, "cannot be made: " + e, e);
    }
    check(directory, uid);
    return new StateDirectory(directory);
  }

  /** Returns the directory of a sandbox. */
  Path of(String id) {
    return path.resolve(id);
  }

  /** Returns the socket of a sandbox's keeper. */
  Path socket(String id) {
    return of(id).resolve(SOCKET);
  }

  private static Optional<Path> runtimeDirectory(Settings settings, int uid) {
    return settings
        .variable("XDG_RUNTIME_DIR")
        .map(Path::of)
        .filter(Path::isAbsolute)
        .filter(d -> isOwn(d, uid))
        .map(d -> d.resolve("sandboxed"));
  }

  private static boolean isOwn(Path directory, int uid) {
    try {
      return Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
          && number(directory, "uid") == uid
          && (number(directory, "mode") & 0022) == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static void check(Path directory, int uid) {
    try {
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw refused(directory, "is no directory, or a symbolic link", null);
      }
      if (number(directory, "uid") != uid) {
        throw refused(directory, "belongs to another user", null);
      }
      if ((number(directory, "mode") & 0077) != 0) {
        throw refused(directory, "can be used by others: run chmod 700 " + directory, null);
      }
    } catch (IOException e) {
      throw refused(directory, "cannot be looked at: " + e, e);
    }
    var length =
        directory.resolve("x".repeat(ID_LENGTH)).toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_PATH) {
      throw refused(
          directory,
          "has too long a path for sockets: a sandbox's directory in it would have %d bytes, and %d are possible; set XDG_RUNTIME_DIR or java.io.tmpdir to a shorter one"
              .formatted(length, MAX_PATH),
          null);
    }
  }

  private static BackendUnavailableException refused(
      Path directory, String why, @Nullable Throwable cause) {
    var message = "The directory for running sandboxes, %s, %s".formatted(directory, why);
    return cause == null
        ? new BackendUnavailableException(message)
        : new BackendUnavailableException(message, cause);
  }

  private static int ownUid() {
    try {
      // Through the link: the link itself is root's, whoever looks.
      return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    } catch (IOException e) {
      throw new BackendUnavailableException(
          "/proc cannot be read (%s); sandboxes need it: mount it".formatted(e), e);
    }
  }

  private static int number(Path path, String attribute) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:" + attribute, LinkOption.NOFOLLOW_LINKS);
  }
}

package dev.sandboxed.core.binaries;

import dev.sandboxed.BackendUnavailableException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Turns the errors of writing to the cache into sentences that say what to do. */
final class CacheErrors {
  private static final String HOW_TO_MOVE =
      "or name another directory with -D"
          + CacheRoot.PROPERTY
          + "=/path or "
          + CacheRoot.VARIABLE
          + "=/path.";

  private CacheErrors() {}

  static BackendUnavailableException cannotWrite(Path path, IOException cause) {
    return new BackendUnavailableException(
        "Cannot write to the cache at %s: %s; %s, %s"
            .formatted(path, reason(path, cause), remedy(cause), HOW_TO_MOVE),
        cause);
  }

  static BackendUnavailableException cannotRead(Path path, IOException cause) {
    return new BackendUnavailableException(
        "Cannot read %s in the cache: %s; delete it, so that it is made again, %s"
            .formatted(path, reason(path, cause), HOW_TO_MOVE),
        cause);
  }

  static BackendUnavailableException notExecutable(Path file) {
    return new BackendUnavailableException(
        "%s cannot be executed although its mode allows it: its file system is probably mounted noexec; remount it with exec, %s"
            .formatted(file, HOW_TO_MOVE));
  }

  private static String reason(Path path, IOException cause) {
    if (cause instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (cause instanceof FileAlreadyExistsException) {
      return "a file is in the way";
    }
    String reason =
        cause instanceof FileSystemException e && e.getReason() != null
            ? e.getReason()
            : String.valueOf(cause.getMessage());
    return isNoSpace(cause) ? reason + " (" + freeSpace(path) + ")" : reason;
  }

  private static String remedy(IOException cause) {
    if (isNoSpace(cause)) {
      return "free some space (about 200 MB are needed)";
    }
    if (cause instanceof FileAlreadyExistsException) {
      return "remove it";
    }
    return "make the directory writable for this user";
  }

  private static boolean isNoSpace(IOException cause) {
    String message = String.valueOf(cause.getMessage());
    return message.contains("No space left on device") || message.contains("quota exceeded");
  }

  private static String freeSpace(Path path) {
    try {
      Path existing = path;
      while (!Files.exists(existing) && existing.getParent() != null) {
        existing = existing.getParent();
      }
      FileStore store = Files.getFileStore(existing);
      return "%d MB free".formatted(store.getUsableSpace() >> 20);
    } catch (IOException e) {
      return "free space unknown";
    }
  }
}

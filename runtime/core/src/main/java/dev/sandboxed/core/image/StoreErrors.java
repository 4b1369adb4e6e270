package dev.sandboxed.core.image;

import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Says what an error of the store's files means to people. */
final class StoreErrors {
  private StoreErrors() {}

  static String reason(IOException e) {
    if (e instanceof FileSystemException file) {
      String why = file.getReason() == null ? e.getClass().getSimpleName() : file.getReason();
      return file.getFile() + ": " + why;
    }
    return String.valueOf(e.getMessage());
  }

  /** Says what to do when the disk is full. */
  static IOException withSpace(IOException e, Path directory) {
    if (e instanceof TreeException || !String.valueOf(e.getMessage()).contains("No space left")) {
      return e;
    }
    return new TreeException(
        "no space left in "
            + directory
            + " ("
            + (directory.toFile().getUsableSpace() >> 20)
            + " MiB are free). Free some,"
            + " or name another directory for the cache. Nothing was kept of the image.",
        e);
  }
}

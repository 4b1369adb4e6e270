package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.tree.DirectoryRemover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A directory for as long as a tool is asked. One whose process was killed is removed by the next
 * process of the same user that needs one.
 *
 * @param path readable by its owner only
 */
record Scratch(Path path) implements AutoCloseable {
  private static final Pattern NAME = Pattern.compile("sandboxed-ask-(\\d{1,18})-.*");

  static Scratch create() throws IOException {
    var parent = Path.of(System.getProperty("java.io.tmpdir"));
    sweep(parent);
    var prefix = "sandboxed-ask-%d-".formatted(ProcessHandle.current().pid());
    return new Scratch(Files.createTempDirectory(parent, prefix));
  }

  /** Removes what processes that have ended left behind. */
  static void sweep(Path parent) throws IOException {
    try (var directories = Files.newDirectoryStream(parent, "sandboxed-ask-*")) {
      for (var directory : directories) {
        var name = NAME.matcher(directory.getFileName().toString());
        if (name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()) {
          removeIfOurs(directory);
        }
      }
    }
  }

  private static void removeIfOurs(Path directory) {
    try {
      if (Files.isWritable(directory)) {
        DirectoryRemover.remove(directory);
      }
    } catch (IOException e) {
      // Another user's, or another process was quicker: it is not in the way.
      System.getLogger("dev.sandboxed")
          .log(System.Logger.Level.DEBUG, "Cannot remove " + directory, e);
    }
  }

  @Override
  public void close() throws IOException {
    DirectoryRemover.remove(path);
  }
}

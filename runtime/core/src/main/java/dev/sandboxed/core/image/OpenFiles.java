package dev.sandboxed.core.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The files that processes of this user have open, whatever they call them: a sandbox keeps the
 * file of its image open as long as it lives. Immutable.
 */
final class OpenFiles {
  private record FileId(Object device, Object inode) {}

  private final Set<FileId> open = new HashSet<>();

  private OpenFiles() {}

  /** Looks at all processes now; those of others cannot be looked at. */
  static OpenFiles now() {
    var files = new OpenFiles();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        files.addFilesOf(process);
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new UncheckedIOException(
          e instanceof IOException io ? io : new IOException("/proc cannot be read", e));
    }
    return files;
  }

  private void addFilesOf(Path process) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        add(descriptor);
      }
    } catch (IOException | DirectoryIteratorException e) {
      // It has ended, or is another user's.
      return;
    }
  }

  private void add(Path descriptor) {
    try {
      open.add(id(descriptor));
    } catch (IOException e) {
      // Closed meanwhile.
      return;
    }
  }

  private static FileId id(Path file) throws IOException {
    Map<String, Object> values = Files.readAttributes(file, "unix:dev,ino");
    return new FileId(String.valueOf(values.get("dev")), String.valueOf(values.get("ino")));
  }

  boolean contains(Path file) throws IOException {
    return open.contains(id(file));
  }
}

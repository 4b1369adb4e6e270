package dev.sandboxed.maven.git;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files of a repository at one commit, until it is closed.
 *
 * @param directory where they are, and nothing else
 * @param commit the commit's id
 * @param largeFiles the files that are kept by Git LFS, of which only the pointers are there
 */
public record GitCheckout(Path directory, String commit, List<String> largeFiles)
    implements AutoCloseable {

  /** Copies the list. */
  public GitCheckout {
    largeFiles = List.copyOf(largeFiles);
  }

  /** Removes the files. */
  @Override
  public void close() throws IOException {
    remove(directory);
  }

  static void remove(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}

package dev.sandboxed.core.binaries;

import dev.sandboxed.BackendUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Unpacks a program into a cache and prints the digest of the file it got, or the error. */
final class UnpackProgram {
  private UnpackProgram() {}

  public static void main(String[] args) throws Exception {
    BinaryCache cache = new BinaryCache(new CacheRoot(Path.of(args[0])));
    try {
      Path file = cache.path(BundledPrograms.find("tool", Path.of(args[1])));
      System.out.println(BundledPrograms.sha256(Files.readAllBytes(file)));
    } catch (BackendUnavailableException e) {
      System.out.println(e.getMessage());
    }
  }
}

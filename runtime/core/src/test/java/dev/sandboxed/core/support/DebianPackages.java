package dev.sandboxed.core.support;

import dev.sandboxed.core.tree.ByteStrings;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Finds programs that tests check our work with, and installs their Debian packages where it may.
 */
public final class DebianPackages {
  private DebianPackages() {}

  /**
   * Returns a program's path, installing its package if need be; fails with the way out if it
   * cannot.
   */
  public static Path require(String program, String debianPackage) throws IOException {
    Optional<Path> found = find(program);
    if (found.isEmpty() && isRoot() && find("apt-get").isPresent()) {
      install(debianPackage);
      found = find(program);
    }
    return found.orElseThrow(
        () ->
            new AssertionError(
                "This test needs the program "
                    + program
                    + " of the Debian package "
                    + debianPackage
                    + ", and cannot install it as user "
                    + System.getProperty("user.name")
                    + ". Install it: apt-get install "
                    + debianPackage));
  }

  /** Returns whether this process may mount and install. */
  public static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
  }

  /** Runs a command and returns its output; fails with the output if the command does. */
  public static String run(String... command) throws IOException {
    Result result = tryRun(command);
    if (result.exitCode() != 0) {
      throw new AssertionError(
          List.of(command) + " ended with " + result.exitCode() + ": " + result.output());
    }
    return result.output();
  }

  /** Runs a command to its end, up to ten minutes. */
  public static Result tryRun(String... command) throws IOException {
    Path output = Files.createTempFile("command", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      try {
        if (!process.waitFor(10, TimeUnit.MINUTES)) {
          throw new AssertionError(List.of(command) + " took longer than ten minutes");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } finally {
        process.destroyForcibly();
      }
      return new Result(process.exitValue(), ByteStrings.ofBytes(Files.readAllBytes(output)));
    } finally {
      Files.delete(output);
    }
  }

  /**
   * How a command ended.
   *
   * @param output both streams, one character for each byte
   */
  public record Result(int exitCode, String output) {}

  private static void install(String debianPackage) throws IOException {
    Path lock = Path.of(System.getProperty("java.io.tmpdir"), "sandboxed-tests-apt.lock");
    try (FileChannel channel =
            FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var held = channel.lock()) {
      if (held.isValid()) {
        Result first = tryRun("apt-get", "install", "-y", "--no-install-recommends", debianPackage);
        if (first.exitCode() != 0) {
          run("apt-get", "update");
          run("apt-get", "install", "-y", "--no-install-recommends", debianPackage);
        }
      }
    }
  }

  private static Optional<Path> find(String program) {
    var directories = new ArrayList<>(List.of(System.getenv("PATH").split(":")));
    directories.addAll(List.of("/usr/sbin", "/sbin"));
    return directories.stream()
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst();
  }
}

package dev.sandboxed.gvisor.kill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds what sandboxes left on the machine, by a directory that all of them use and nobody else.
 *
 * @param root holds the cache and the state of the sandboxes looked for
 */
public record Leftovers(Path root) {

  /** Returns what still runs or is in use, in words; empty if nothing is. */
  List<String> running() {
    var found = new ArrayList<String>();
    processes().forEach(p -> found.add("process " + p.pid() + " " + p.command()));
    sockets().forEach(s -> found.add("socket " + s));
    mounts().forEach(m -> found.add("mount " + m));
    return found;
  }

  /**
   * Returns temporary files anywhere, and everything in the state but a directory for each user,
   * and one in it that holds the names in use.
   */
  List<String> files(Path state) {
    return tree(root)
        .filter(p -> isTemporary(p) || (p.startsWith(state) && !isUsersDirectory(p, state)))
        .map(p -> "file " + p)
        .toList();
  }

  /** Returns the ids of the sandboxes that have a directory now; any of them may be going. */
  List<String> sandboxes(Path state) {
    return tree(state)
        .map(p -> p.getFileName().toString())
        .filter(name -> name.startsWith("sb-"))
        .toList();
  }

  /** Returns the cgroups that belong to any of the sandboxes. */
  static List<String> cgroups(Set<String> ids) {
    return tree(Path.of("/sys/fs/cgroup"))
        .filter(p -> ids.stream().anyMatch(id -> p.getFileName().toString().contains(id)))
        .map(p -> "cgroup " + p)
        .toList();
  }

  private static boolean isTemporary(Path file) {
    var name = file.getFileName().toString();
    return name.endsWith(".tmp") || name.startsWith(".sandboxed-");
  }

  private static boolean isUsersDirectory(Path file, Path state) {
    return file.equals(state)
        || file.getParent().equals(state)
        || (file.endsWith("names") && file.getParent().getParent().equals(state));
  }

  /** A process and how it was called. */
  public record Running(long pid, String command) {}

  /** Returns the processes that run a program from the root, or have it in an argument. */
  public List<Running> processes() {
    return processIds()
        .filter(pid -> !pid.equals(Long.toString(ProcessHandle.current().pid())))
        .filter(pid -> isOurs(Path.of("/proc", pid)))
        .map(
            pid ->
                new Running(
                    Long.parseLong(pid),
                    link(Path.of("/proc", pid, "exe"))
                        + " "
                        + text(Path.of("/proc", pid, "cmdline")).replace('\0', ' ')))
        .toList();
  }

  private boolean isOurs(Path process) {
    return Stream.of("exe", "cwd", "root").anyMatch(l -> link(process.resolve(l)).contains(mark()))
        || Stream.of("cmdline", "environ").anyMatch(f -> text(process.resolve(f)).contains(mark()));
  }

  private List<String> sockets() {
    return lines(Path.of("/proc/net/unix"), line -> line.contains(mark()));
  }

  private List<String> mounts() {
    return processIds()
        .flatMap(
            pid ->
                lines(Path.of("/proc", pid, "mountinfo"), line -> line.contains(mark())).stream()
                    .map(line -> pid + ": " + line))
        .toList();
  }

  /** Lists a tree that may be changing: what goes meanwhile may be in the list or not. */
  private static Stream<Path> tree(Path directory) {
    var found = new ArrayList<Path>();
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
              found.add(dir);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              found.add(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found.stream();
  }

  private String mark() {
    return root.toString();
  }

  private static Stream<String> processIds() {
    var names = Path.of("/proc").toFile().list((dir, name) -> name.matches("\\d+"));
    return names == null ? Stream.of() : Stream.of(names);
  }

  private static List<String> lines(Path file, Predicate<String> wanted) {
    return text(file).lines().filter(wanted).toList();
  }

  /** Reads what can be read; processes come and go, and some belong to others. */
  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static String link(Path file) {
    try {
      return Files.readSymbolicLink(file).toString();
    } catch (IOException e) {
      return "";
    }
  }
}

package dev.sandboxed.gvisor.kill;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A place where sandboxes are killed: a cache and a state that nobody else uses, so that whatever
 * is left can be told from what others run.
 */
public final class Arena implements AutoCloseable {
  private final Path root;
  private final Path cache;
  private final Path state;
  private final Leftovers leftovers;
  private final Set<String> ids = new HashSet<>();

  /** Makes the place, which is removed when it is closed. */
  public Arena() throws IOException {
    // Short, since the paths of sockets are limited.
    root = Files.createTempDirectory("sbk").toRealPath();
    cache =
        Files.createDirectory(
            root.resolve("cache"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    state = Files.createDirectory(root.resolve("t"));
    leftovers = new Leftovers(root);
  }

  /** Makes a directory for what a victim writes. */
  public Path work(String name) throws IOException {
    return Files.createDirectory(root.resolve(name));
  }

  /** Starts a JVM whose sandboxes live here; what it prints goes to the log. */
  Process start(Path log, String... args) throws IOException {
    return startOn(List.of(), List.of(), log, args);
  }

  /** Starts a JVM through other programs, on a host that lacks something. */
  Process startOn(List<String> host, List<String> properties, Path log, String... args)
      throws IOException {
    var builder = program(host, properties, Victim.class, args).redirectErrorStream(true);
    return builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
  }

  /** Describes a JVM with a main class of the tests, whose sandboxes will live here. */
  public ProcessBuilder program(
      List<String> host, List<String> properties, Class<?> main, String... args) {
    var command = new ArrayList<>(host);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"));
    command.addAll(properties);
    command.add("-Dsandboxed.cache=" + cache);
    command.add("-Djava.io.tmpdir=" + state);
    command.add("-Dsandboxed.records=" + records());
    var classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(List.of(args));
    var builder = new ProcessBuilder(command);
    builder.environment().remove("XDG_RUNTIME_DIR");
    return builder;
  }

  /** Waits until no process, socket or mount of a sandbox is left. */
  public void awaitNothingRuns() {
    await()
        .atMost(30, SECONDS)
        .untilAsserted(() -> assertThat(leftovers.running()).as("left behind").isEmpty());
  }

  /** Remembers a sandbox whose cgroups must go. */
  public void note(String id) {
    ids.add(id);
  }

  /** Remembers the sandboxes that there are now, whose cgroups must go. */
  void noteSandboxes(Path log) throws IOException {
    ids.addAll(leftovers.sandboxes(state));
    try (var lines = Files.lines(log)) {
      lines
          .filter(line -> line.startsWith(Victim.CREATED))
          .forEach(line -> ids.add(line.substring(Victim.CREATED.length())));
    }
  }

  /** Lets another JVM create one more sandbox, and checks that not a file is left after it. */
  public void awaitNothingIsLeft(Path work, Path log) throws Exception {
    awaitNothingRuns();
    var next = start(log, "once", work.toString());
    assertThat(next.waitFor(100, SECONDS)).isTrue();
    assertThat(next.exitValue()).as(Files.readString(log)).isZero();
    await()
        .atMost(30, SECONDS)
        .untilAsserted(
            () -> {
              assertThat(leftovers.running()).as("left behind").isEmpty();
              assertThat(leftovers.files(state)).as("left behind").isEmpty();
              assertThat(Leftovers.cgroups(ids)).as("left behind").isEmpty();
            });
  }

  /** Where programs and images are unpacked. */
  public Path cache() {
    return cache;
  }

  /** Where what is left to be known of ended sandboxes is. */
  public Path records() {
    return root.resolve("records");
  }

  /** Where running sandboxes have their directories. */
  public Path state() {
    return state;
  }

  /** The processes of sandboxes that run here. */
  public Leftovers leftovers() {
    return leftovers;
  }

  @Override
  public void close() throws IOException {
    try {
      new ProcessBuilder("rm", "-rf", root.toString()).inheritIO().start().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

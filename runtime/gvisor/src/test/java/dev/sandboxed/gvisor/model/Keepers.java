package dev.sandboxed.gvisor.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.gvisor.kill.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The host's processes of the sandboxes that run in an arena. */
final class Keepers {
  private static final Pattern PID = Pattern.compile("\"pid\":(\\d+)");

  private final Arena arena;

  Keepers(Arena arena) {
    this.arena = arena;
  }

  /** Finds the keeper of a sandbox in the sandbox's description. */
  Optional<ProcessHandle> of(String id) throws IOException {
    try (Stream<Path> users = Files.list(arena.state())) {
      for (var user : users.toList()) {
        var info = user.resolve(id).resolve("info.json");
        if (Files.exists(info)) {
          var pid = PID.matcher(Files.readString(info, UTF_8));
          return pid.find() ? ProcessHandle.of(Long.parseLong(pid.group(1))) : Optional.empty();
        }
      }
    } catch (NoSuchFileException e) {
      // It has ended this moment.
    }
    return Optional.empty();
  }

  /** Kills a keeper, and waits until the kernel has let go of what it held. */
  static void kill(ProcessHandle keeper) {
    keeper.destroyForcibly();
    await()
        .pollInterval(Duration.ofMillis(2))
        .atMost(60, SECONDS)
        .until(() -> isDead(keeper.pid()));
  }

  /**
   * Returns the processes that a sandbox cannot be without: the first one, gVisor's kernel, and
   * what serves its mounts.
   */
  static List<ProcessHandle> runtime(ProcessHandle keeper) {
    var first = keeper.children().toList();
    var own = first.stream().flatMap(ProcessHandle::children).filter(Keepers::isGvisors);
    return Stream.concat(first.stream(), own).toList();
  }

  private static boolean isGvisors(ProcessHandle process) {
    try {
      var command = Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
      return command.startsWith("runsc-");
    } catch (IOException e) {
      return false;
    }
  }

  /** Waits until no keeper lives but the known ones: those nobody was told of have ended. */
  void awaitNoneBut(Set<Long> known) {
    await().atMost(60, SECONDS).until(() -> unknown(known).isEmpty());
  }

  private List<Long> unknown(Set<Long> known) {
    return arena.leftovers().processes().stream()
        .filter(p -> p.command().split(" ")[0].contains("/keeper"))
        .map(p -> p.pid())
        .filter(pid -> !known.contains(pid))
        .toList();
  }

  private static boolean isDead(long pid) {
    try {
      var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return stat.substring(stat.lastIndexOf(')')).startsWith(") Z");
    } catch (IOException e) {
      return true;
    }
  }
}

package dev.sandboxed.gvisor;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Backend;
import dev.sandboxed.KeptImage;
import dev.sandboxed.MemorySnapshot;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.gvisor.kill.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What writes a snapshot is killed: there is a whole one, or none, and its caller knows which. */
@Timeout(value = 300, unit = SECONDS)
class KilledKeeperTest {
  private static final int ROUNDS = 8;

  /** About as long as a snapshot takes. */
  private static final int AT_MOST_MILLIS = 150;

  @TempDir private Path logs;
  private Arena arena;
  private Backend backend;

  @BeforeEach
  void open() throws IOException {
    arena = new Arena();
    backend = ArenaBackend.open(arena);
  }

  @AfterEach
  void close() throws Exception {
    backend.close();
    try {
      // A killed keeper cannot take away its cgroup; whoever comes next does.
      arena.awaitNothingIsLeft(arena.work("work"), Files.createFile(logs.resolve("log")));
    } finally {
      arena.close();
    }
  }

  @Test
  void a_keeper_killed_at_any_moment_leaves_a_whole_snapshot_or_none() throws Exception {
    var seed = System.nanoTime();
    var random = new Random(seed);
    for (var round = 0; round < ROUNDS; round++) {
      killedAfter(random.nextInt(AT_MOST_MILLIS), "seed %d, round %d".formatted(seed, round));
    }
  }

  private void killedAfter(int millis, String which) {
    var others = keepers();
    try (var sandbox = Sandbox.builder().backend(backend).create()) {
      arena.note(sandbox.id());
      var keeper = keepers().stream().filter(k -> !others.contains(k)).findFirst().orElseThrow();
      assertThat(
              sandbox.exec("sh", "-c", "head -c 33554432 /dev/urandom > /dev/shm/touched").await())
          .as(which)
          .matches(result -> result.exitCode() == 0);
      var coming = sandbox.snapshotAsync();
      CompletableFuture.delayedExecutor(millis, MILLISECONDS).execute(keeper::destroyForcibly);
      try {
        startsACopy(coming.join(), which);
      } catch (CompletionException e) {
        assertThat(e.getCause()).as(which).isInstanceOf(SandboxException.class);
      }
      keeper.onExit().join();
    }
    assertThat(kept()).as(which).isEmpty();
  }

  private static void startsACopy(MemorySnapshot snapshot, String which) {
    try (var copy = snapshot.start()) {
      assertThat(copy.exec("stat", "-c", "%s", "/dev/shm/touched").await().stdout())
          .as(which)
          .isEqualTo("33554432\n");
    } finally {
      snapshot.remove();
    }
  }

  private static List<ProcessHandle> keepers() {
    return ProcessHandle.current().children().toList();
  }

  private List<String> kept() {
    return backend.images().list().stream()
        .filter(image -> image.kind() == KeptImage.Kind.MEMORY)
        .map(KeptImage::id)
        .toList();
  }
}

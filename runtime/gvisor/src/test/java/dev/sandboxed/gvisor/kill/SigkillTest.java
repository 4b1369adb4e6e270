package dev.sandboxed.gvisor.kill;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SigkillTest {
  /** Some in every build; {@code -Dkills=40} and more for a longer look. */
  private static final int ROUNDS = Integer.getInteger("kills", 20);

  private static final int ROUNDS_BETWEEN_CHECKS = 10;

  @TempDir Path logs;
  private Arena arena;
  private Path work;
  private Path log;

  @BeforeEach
  void open() throws Exception {
    arena = new Arena();
    work = arena.work("work");
    log = Files.createFile(logs.resolve("log"));
  }

  @AfterEach
  void close() throws Exception {
    arena.close();
  }

  @Test
  void aJvmKilledAtAnyMomentLeavesNothing() throws Exception {
    var seed = System.nanoTime();
    var random = new Random(seed);
    for (var round = 1; round <= ROUNDS; round++) {
      // Earlier or later than the first sandbox is up, and in the middle of anything.
      var killed = arena.start(log, "load", work.toString());
      assertThat(killed.waitFor(400 + random.nextInt(1600), MILLISECONDS))
          .as("round %d of seed %d: %s", round, seed, log)
          .isFalse();
      killed.destroyForcibly();
      assertThat(killed.waitFor(30, SECONDS)).isTrue();
      arena.noteSandboxes(log);
      arena.awaitNothingRuns();
      if (round % ROUNDS_BETWEEN_CHECKS == 0) {
        arena.awaitNothingIsLeft(work, log);
      }
    }
    assertThat(log).content().contains(Victim.CREATED).doesNotContain("Exception");
  }

  @ParameterizedTest
  @ValueSource(strings = {"keeper", "runsc-sandbox", "runsc-gofer"})
  void aHelperKilledIsAClearErrorAndLeavesNothing(String helper) throws Exception {
    var victim = arena.start(log, "hold", work.toString());
    await().atMost(60, SECONDS).until(() -> Files.readString(log).contains(Victim.CREATED));
    arena.noteSandboxes(log);
    var pid =
        arena.leftovers().processes().stream()
            .filter(p -> p.command().contains(helper))
            .filter(p -> !p.command().contains("java"))
            .findFirst()
            .orElseThrow(() -> new AssertionError(arena.leftovers().running()))
            .pid();
    assertThat(new ProcessBuilder("kill", "-KILL", Long.toString(pid)).start().waitFor()).isZero();
    assertThat(victim.waitFor(60, SECONDS)).isTrue();
    assertThat(log).content().containsPattern(Victim.ERROR + "Sandbox\\w+Exception .{20,}");
    arena.awaitNothingIsLeft(work, log);
  }
}

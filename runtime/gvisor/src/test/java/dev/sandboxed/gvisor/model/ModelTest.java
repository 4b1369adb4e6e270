package dev.sandboxed.gvisor.model;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.gvisor.kill.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Does random things with sandboxes in several processes, kills processes of all kinds meanwhile,
 * and compares every answer with a simple model.
 *
 * <p>{@code -Dmodel.steps=5000} does more of it, and {@code -Dmodel.seed=…} makes the choices of an
 * earlier run again; what is killed when is up to the machine all the same.
 */
@Timeout(value = 120, unit = MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ModelTest {
  private static final int STEPS = Integer.getInteger("model.steps", 300);
  private static final long SEED = Long.getLong("model.seed", System.nanoTime());
  private static final int REMEMBERED = 60;

  private final Deque<String> history = new ArrayDeque<>();

  @Test
  void does_what_the_contract_says_whoever_dies(@TempDir Path logs) throws Exception {
    var errors = Files.createFile(logs.resolve("errors"));
    System.out.printf("%d steps; -Dmodel.seed=%d makes the same choices%n", STEPS, SEED);
    try (var arena = new Arena()) {
      try (var play = new Play(new Random(SEED), arena, errors, this::note)) {
        for (var step = 1; step <= STEPS; step++) {
          history.add("-- step " + step);
          play.step();
        }
        play.end();
        System.out.println(play.summary());
      } catch (Throwable e) {
        throw new AssertionError(report(errors), e);
      }
      assertThat(arena.records()).isEmptyDirectory();
      arena.awaitNothingIsLeft(arena.work("work"), Files.createFile(logs.resolve("log")));
    }
  }

  private void note(String event) {
    history.add(event);
    if (history.size() > REMEMBERED) {
      history.removeFirst();
    }
  }

  private String report(Path errors) throws IOException {
    var thrown = Files.readString(errors);
    return "-Dmodel.seed=%d\n%s\nthrown last:\n%s"
        .formatted(
            SEED,
            String.join("\n", history),
            thrown.substring(Math.max(0, thrown.length() - 4_000)));
  }
}

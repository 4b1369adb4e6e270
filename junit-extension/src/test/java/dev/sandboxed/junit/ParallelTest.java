package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that run at the same time. */
class ParallelTest {
  private static final Map<String, String> PARALLEL =
      Map.of(
          "junit.jupiter.execution.parallel.enabled", "true",
          "junit.jupiter.execution.parallel.mode.default", "concurrent",
          "junit.jupiter.execution.parallel.config.strategy", "fixed",
          "junit.jupiter.execution.parallel.config.fixed.parallelism", "4");
  private static final Set<String> IDS = ConcurrentHashMap.newKeySet();

  @Sandboxed
  static class Fresh {
    private static final Meeting TWO_RUN = new Meeting();

    @Sandboxed Sandbox field;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void test(int number, Sandbox sandbox) throws InterruptedException {
      IDS.add(sandbox.id());
      IDS.add(field.id());
      TWO_RUN.await();
      assertThat(sandbox.exec("mkdir", "/tmp/mine").await().stderr()).isEmpty();
      assertThat(field.exec("printf", "%s", number + "").await().stdout()).isEqualTo(number + "");
    }
  }

  @Test
  void givesParallelTestsTheirOwnSandboxes() {
    IDS.clear();
    Engine.pass(Fresh.class, PARALLEL).testEvents().assertStatistics(s -> s.succeeded(4));

    assertThat(IDS).hasSize(8);
  }

  @Sandboxed(scope = SandboxScope.CLASS)
  static class Shared {
    private static final Meeting TWO_RUN = new Meeting();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void test(int number, Sandbox sandbox) throws InterruptedException {
      IDS.add(sandbox.id());
      TWO_RUN.await();
      assertThat(sandbox.exec("printf", "%s", number + "").await().stdout()).isEqualTo(number + "");
    }
  }

  @Test
  void createsASharedSandboxOnce() {
    IDS.clear();
    Engine.pass(Shared.class, PARALLEL).testEvents().assertStatistics(s -> s.succeeded(4));

    assertThat(IDS).hasSize(1);
  }
}

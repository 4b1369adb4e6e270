package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;

/** How many sandboxes live at the same time, where that is bounded. */
class MaxLiveTest {
  /** By which the list tells these sandboxes from those of others. */
  private static final String TIMEOUT = "271s";

  private static final AtomicInteger MOST = new AtomicInteger();
  private static final List<Thread> THREADS = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void forget() {
    MOST.set(0);
    THREADS.clear();
  }

  private static Map<String, String> parallel(int maxLive) {
    var parameters = new TreeMap<>(bounded(maxLive));
    parameters.put("junit.jupiter.execution.parallel.enabled", "true");
    parameters.put("junit.jupiter.execution.parallel.mode.default", "concurrent");
    parameters.put("junit.jupiter.execution.parallel.config.strategy", "fixed");
    parameters.put("junit.jupiter.execution.parallel.config.fixed.parallelism", "4");
    return parameters;
  }

  private static Map<String, String> bounded(int maxLive) {
    return Map.of(
        Sandboxed.MAX_LIVE_PROPERTY_NAME,
        Integer.toString(maxLive),
        Sandboxed.TIMEOUT_PROPERTY_NAME,
        TIMEOUT);
  }

  private static void look() {
    var live =
        Sandbox.list().stream()
            .filter(s -> s.timeout().equals(Duration.ofSeconds(271)))
            .mapToInt(s -> 1)
            .sum();
    MOST.accumulateAndGet(live, Math::max);
  }

  /** Runs fixtures, all of whose tests have to pass, and looks all the while. */
  private static EngineExecutionResults watch(
      List<Class<?>> fixtures, Map<String, String> parameters) {
    var run = CompletableFuture.supplyAsync(() -> Engine.pass(fixtures, parameters));
    await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(10))
        .until(
            () -> {
              look();
              return run.isDone();
            });
    return run.join();
  }

  @Sandboxed
  static class OneEach {
    private static final Meeting TWO_RUN = new Meeting();

    @RepeatedTest(6)
    void test(Sandbox sandbox) throws InterruptedException {
      look();
      TWO_RUN.await();
      assertThat(sandbox.exec("mkdir", "/tmp/mine").await().stderr()).isEmpty();
    }
  }

  @Test
  void neverExceedsTheBound() {
    watch(List.of(OneEach.class), parallel(2)).testEvents().assertStatistics(s -> s.succeeded(6));

    assertThat(MOST).hasValue(2);
  }

  @Sandboxed
  static class SeveralEach {
    @Sandboxed Sandbox field;

    @RepeatedTest(3)
    void test(Sandbox sandbox, @Sandboxed(env = "A=1") Sandbox other) {
      look();
      assertThat(List.of(field, sandbox, other)).allSatisfy(s -> assertThat(s.poll()).isEmpty());
    }
  }

  @Test
  void letsATestThatHasOneHaveFurtherOnes() {
    watch(List.of(SeveralEach.class), parallel(1));

    assertThat(MOST).hasValue(3);
  }

  @Sandboxed(scope = SandboxScope.CLASS)
  static class BesideSharedOnes {
    @Sandboxed(scope = SandboxScope.EXECUTION, timeout = TIMEOUT)
    Sandbox ofAll;

    @BeforeAll
    static void prepare(Sandbox ofClass) {
      assertThat(ofClass.poll()).isEmpty();
    }

    @RepeatedTest(2)
    void test(Sandbox ofClass, @Sandboxed(scope = SandboxScope.METHOD) Sandbox fresh) {
      look();
      assertThat(List.of(ofClass, ofAll, fresh)).allSatisfy(s -> assertThat(s.poll()).isEmpty());
    }

    @Nested
    @Sandboxed
    class Inner {
      @Test
      void nested(Sandbox ofInner, @Sandboxed(scope = SandboxScope.METHOD) Sandbox fresh) {
        look();
        assertThat(List.of(ofInner, fresh)).allSatisfy(s -> assertThat(s.poll()).isEmpty());
      }
    }
  }

  static class MoreBesideThem extends BesideSharedOnes {}

  @Test
  void letsOneTestGoOnWhereSharedSandboxesTakeAllPlaces() {
    watch(List.of(BesideSharedOnes.class, MoreBesideThem.class), parallel(1))
        .testEvents()
        .assertStatistics(s -> s.succeeded(6));
  }

  @Sandboxed
  static class Waiting {
    private static final Meeting BOTH_BEGIN = new Meeting();

    private Thread other;

    Waiting() throws InterruptedException {
      THREADS.add(Thread.currentThread());
      BOTH_BEGIN.await();
    }

    @RepeatedTest(2)
    void test(Sandbox sandbox) {
      other = THREADS.stream().filter(t -> t != Thread.currentThread()).findFirst().orElseThrow();
      await().until(() -> other.getState() == Thread.State.WAITING);
      other.interrupt();
    }
  }

  @Test
  void stopsWaitingWhenItIsInterrupted() {
    var results = Engine.run(List.of(Waiting.class), parallel(1));

    results.testEvents().assertStatistics(s -> s.succeeded(1).failed(1));
    assertThat(
            results
                .testEvents()
                .failed()
                .map(e -> e.getRequiredPayload(TestExecutionResult.class).getThrowable())
                .findFirst()
                .orElseThrow()
                .orElseThrow()
                .getCause())
        .isInstanceOf(SandboxException.class)
        .hasMessage(
            "Interrupted while waiting until fewer than 1 sandboxes live, which is the bound that"
                + " sandboxed.maxLive sets");
  }

  @Sandboxed
  static class InARow {
    private static long places;

    @RepeatedTest(3)
    void test(Sandbox sandbox, RepetitionInfo repetition) {
      var isLast = repetition.getCurrentRepetition() == repetition.getTotalRepetitions();
      await().until(() -> Keepers.count() == (isLast ? 1 : places));
    }
  }

  @Test
  void preparesTheNextSandboxOnlyWhereThereIsAPlaceForIt() {
    for (var places : List.of(1, 2)) {
      InARow.places = places;
      Engine.pass(InARow.class, bounded(places));
    }
  }
}

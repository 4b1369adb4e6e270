package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Sandbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;

/** Tests that are interrupted while they wait for a sandbox: they end soon, and nothing is left. */
class CancellationTest {
  private static final Map<String, String> TWO_AT_ONCE =
      Map.of(
          "junit.jupiter.execution.parallel.enabled", "true",
          "junit.jupiter.execution.parallel.mode.default", "concurrent",
          "junit.jupiter.execution.parallel.config.strategy", "fixed",
          "junit.jupiter.execution.parallel.config.fixed.parallelism", "2");
  private static final List<Thread> THREADS = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void forget() {
    THREADS.clear();
  }

  @AfterEach
  void nothingIsLeft() {
    await().atMost(Duration.ofSeconds(30)).until(() -> Keepers.count() == 0);
  }

  private static CompletableFuture<EngineExecutionResults> begin(
      Class<?> fixture, Map<String, String> parameters) {
    return CompletableFuture.supplyAsync(() -> Engine.run(fixture, parameters));
  }

  private static List<String> failures(EngineExecutionResults results) {
    return results
        .testEvents()
        .failed()
        .map(e -> e.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow())
        .map(Throwable::getMessage)
        .toList();
  }

  /** Interrupts the threads and waits for the end of the run, which is not long. */
  private static EngineExecutionResults interrupt(
      CompletableFuture<EngineExecutionResults> run, List<Thread> threads) {
    threads.forEach(Thread::interrupt);
    await().atMost(Duration.ofSeconds(30)).until(run::isDone);
    return run.join();
  }

  static class NeverReady {
    NeverReady() {
      THREADS.add(Thread.currentThread());
    }

    @Test
    void test(
        @Sandboxed(
                command = {"sleep", "600"},
                readyWhen = @Probe(tcp = 5432))
            Sandbox sandbox) {}
  }

  @Test
  void stopsWaitingUntilOneIsReady() {
    var run = begin(NeverReady.class, Map.of());
    await().until(() -> Keepers.count() == 1 && isWaitingIn("waitUntilReady", THREADS.get(0)));

    assertThat(failures(interrupt(run, THREADS)))
        .singleElement()
        .satisfies(message -> assertThat(message).contains("nterrupted"));
  }

  static class Starting {
    Starting() {
      THREADS.add(Thread.currentThread());
    }

    @Test
    void test(@Sandboxed Sandbox sandbox) {}
  }

  @Test
  void stopsTheStart() {
    var run = begin(Starting.class, Map.of());
    // As soon as there is something that could be left.
    await().pollInterval(Duration.ofMillis(1)).until(() -> Keepers.count() == 1 || run.isDone());

    assertThat(failures(interrupt(run, THREADS))).hasSizeLessThan(2);
  }

  static class OfOne {
    private static final Meeting BOTH_BEGIN = new Meeting();

    OfOne() throws InterruptedException {
      THREADS.add(Thread.currentThread());
      BOTH_BEGIN.await();
    }

    @RepeatedTest(2)
    void test(
        @Sandboxed(
                scope = SandboxScope.EXECUTION,
                command = {"sleep", "600"},
                readyWhen = @Probe(tcp = 5432))
            Sandbox sandbox) {}
  }

  @Test
  void stopsWaitingForOneThatAnotherTestStarts() {
    var run = begin(OfOne.class, TWO_AT_ONCE);
    await()
        .until(
            () ->
                THREADS.stream().anyMatch(t -> isWaitingIn("waitUntilReady", t))
                    && THREADS.stream().anyMatch(CancellationTest::waitsForAnother));
    var second = THREADS.stream().filter(CancellationTest::waitsForAnother).toList();
    var first = THREADS.stream().filter(t -> isWaitingIn("waitUntilReady", t)).toList();
    second.forEach(Thread::interrupt);
    await().until(() -> second.stream().noneMatch(CancellationTest::waitsForAnother));
    assertThat(run).isNotDone();

    assertThat(failures(interrupt(run, first)))
        .hasSize(2)
        .anySatisfy(
            message ->
                assertThat(message)
                    .endsWith(
                        "Interrupted while waiting for a sandbox that another test is starting"));
  }

  @Sandboxed(snapshot = SnapshotMode.AFTER_SETUP)
  static class OfOneSetup {
    private static final Meeting BOTH_BEGIN = new Meeting();

    @BeforeEach
    void begin() throws InterruptedException {
      THREADS.add(Thread.currentThread());
      BOTH_BEGIN.await();
    }

    @SandboxSetup
    static void waitUntilReady() {
      await().until(() -> THREADS.stream().anyMatch(CancellationTest::waitsForAnother));
      THREADS.stream().filter(CancellationTest::waitsForAnother).forEach(Thread::interrupt);
    }

    @RepeatedTest(2)
    void test(Sandbox sandbox) {}
  }

  @Test
  void stopsWaitingForASetUp() {
    assertThat(failures(Engine.run(OfOneSetup.class, TWO_AT_ONCE)))
        .singleElement()
        .satisfies(
            message ->
                assertThat(message)
                    .endsWith(
                        "Interrupted while waiting for the set-up of class ["
                            + OfOneSetup.class.getName()
                            + "], which another test has begun"));
  }

  private static boolean waitsForAnother(Thread thread) {
    return isWaitingIn("resolveParameter", thread) && !isWaitingIn("waitUntilReady", thread);
  }

  /** Returns whether a thread waits in a method of this project. */
  private static boolean isWaitingIn(String method, Thread thread) {
    var state = thread.getState();
    return (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)
        && List.of(thread.getStackTrace()).stream()
            .filter(frame -> frame.getClassName().startsWith("dev.sandboxed."))
            .anyMatch(frame -> frame.getMethodName().equals(method));
  }
}

package dev.sandboxed.benchmarks;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.sandboxed.Sandbox;
import dev.sandboxed.junit.Sandboxed;
import dev.sandboxed.junit.TestExecution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/**
 * A class of many tests, each with a sandbox of its own in which it runs a program, against as many
 * containers of bare gVisor that do nothing but run it, and against the same tests without.
 */
final class JUnitBenchmark {
  private static final int TESTS = 100;
  private static final long WORK_NANOS = Duration.ofMillis(100).toNanos();
  private static final String POOL = Sandboxed.POOL_PROPERTY_NAME;

  private final Workbench bench;
  private final int rounds;

  JUnitBenchmark(Workbench bench, int rounds) {
    this.bench = bench;
    this.rounds = rounds;
  }

  /** The tests without sandboxes. */
  static class Plain {
    @RepeatedTest(TESTS)
    void test() {}
  }

  /** The tests, each with a sandbox of its own. */
  @Sandboxed
  static class Fresh {
    @RepeatedTest(TESTS)
    void test(Sandbox sandbox) {
      sandbox.exec(Workbench.STATIC_PROGRAM).await();
    }
  }

  /** The tests with a sandbox each, and some work of their own on the host. */
  @Sandboxed
  static class Working {
    @RepeatedTest(TESTS)
    void test(Sandbox sandbox) {
      sandbox.exec(Workbench.STATIC_PROGRAM).await();
      work();
    }
  }

  /** The work without sandboxes. */
  static class PlainWorking {
    @RepeatedTest(TESTS)
    void test() {
      work();
    }
  }

  /** Ten tests. */
  interface Ten {
    @Test
    default void t0() {}

    @Test
    default void t1() {}

    @Test
    default void t2() {}

    @Test
    default void t3() {}

    @Test
    default void t4() {}

    @Test
    default void t5() {}

    @Test
    default void t6() {}

    @Test
    default void t7() {}

    @Test
    default void t8() {}

    @Test
    default void t9() {}
  }

  /** As many tests that run inside, each in its own sandbox. */
  @Sandboxed(execution = TestExecution.INSIDE)
  static class Inside {
    @Nested
    class C0 implements Ten {}

    @Nested
    class C1 implements Ten {}

    @Nested
    class C2 implements Ten {}

    @Nested
    class C3 implements Ten {}

    @Nested
    class C4 implements Ten {}

    @Nested
    class C5 implements Ten {}

    @Nested
    class C6 implements Ten {}

    @Nested
    class C7 implements Ten {}

    @Nested
    class C8 implements Ten {}

    @Nested
    class C9 implements Ten {}
  }

  private static void work() {
    var end = System.nanoTime() + WORK_NANOS;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  void run(Report report) throws Exception {
    var cores = Runtime.getRuntime().availableProcessors();
    var rows =
        new Rounds("ms")
            .measure("junit: 100 tests without sandboxes", () -> tests(Plain.class, "true"))
            .measure("junit: bare runsc, 100 runs in a row", () -> bare(1))
            .measure(
                "junit: bare runsc, 100 runs, %d at a time".formatted(cores), () -> bare(cores))
            .measure(
                "junit: 100 tests, a sandbox each, sandboxed.pool=false",
                () -> tests(Fresh.class, "false"))
            .measure("junit: 100 tests, a sandbox each", () -> tests(Fresh.class, "true"))
            .measure(
                "junit: 100 tests with 100 ms of work, without sandboxes",
                () -> tests(PlainWorking.class, "true"))
            .measure(
                "junit: 100 tests with 100 ms of work, a sandbox each",
                () -> tests(Working.class, "true"))
            .measure("junit: 100 tests INSIDE, a JVM in a sandbox each", this::inside)
            .run(1, rounds);
    report.samples().addAll(rows);
    report
        .aims()
        .add(
            Aim.atMost(
                "junit: a sandbox each, against bare runsc on the same cores",
                "x",
                1.2,
                rows.get(4).median() / rows.get(2).median()));
  }

  private double tests(Class<?> tests, String pool) throws Exception {
    return tests(
        tests, Map.of(Sandboxed.IMAGE_PROPERTY_NAME, "directory:" + bench.image(), POOL, pool));
  }

  private double inside() throws Exception {
    // With the host's tools, of which a JVM is one.
    return tests(Inside.class, Map.of());
  }

  /** Runs the tests of a class as a build does, and returns how long it took. */
  private double tests(Class<?> tests, Map<String, String> configuration) throws Exception {
    var summary = new SummaryGeneratingListener();
    var request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(tests))
            .configurationParameters(configuration)
            .build();
    var millis =
        Clock.millis(
            () -> {
              try (var session = LauncherFactory.openSession()) {
                session.getLauncher().execute(request, summary);
              }
              return System.nanoTime();
            });
    if (summary.getSummary().getTestsSucceededCount() != TESTS) {
      throw new IllegalStateException(
          "%d of %d tests passed; the first failure is %s"
              .formatted(
                  summary.getSummary().getTestsSucceededCount(),
                  TESTS,
                  summary.getSummary().getFailures().stream().findFirst()));
    }
    return millis;
  }

  /** Runs the program in as many containers, some at a time. */
  private double bare(int atOnce) throws Exception {
    var pool = Executors.newFixedThreadPool(atOnce);
    try {
      var runs = new ArrayList<Callable<Void>>();
      for (var i = 0; i < TESTS; i++) {
        runs.add(this::bareRun);
      }
      return Clock.millis(
          () -> {
            for (var run : pool.invokeAll(runs)) {
              run.get();
            }
            return System.nanoTime();
          });
    } finally {
      pool.shutdown();
    }
  }

  private Void bareRun() throws Exception {
    bench.bare().run(Workbench.STATIC_PROGRAM).close();
    return null;
  }
}

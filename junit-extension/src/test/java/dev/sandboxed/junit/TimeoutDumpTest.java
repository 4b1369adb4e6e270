package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Sandbox;
import dev.sandboxed.Secret;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.testkit.engine.EngineExecutionResults;

/** What the report tells of a test whose {@code @Timeout} is over. */
class TimeoutDumpTest {
  private static final List<Sandbox> SEEN = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void forget() {
    SEEN.clear();
  }

  private static List<String> dumps(EngineExecutionResults results) {
    return results
        .allEvents()
        .reportingEntryPublished()
        .map(e -> e.getRequiredPayload(ReportEntry.class).getKeyValuePairs())
        .flatMap(pairs -> Stream.ofNullable(pairs.get("sandbox dump")))
        .toList();
  }

  private static Throwable failure(EngineExecutionResults results) {
    var failed = results.allEvents().failed().list();
    assertThat(failed).hasSize(1);
    return failed.get(0).getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow();
  }

  /** Runs a fixture whose time is over, and returns the dump that its failure and report have. */
  private static String dump(Class<?> fixture) {
    var results = Engine.run(fixture);

    assertThat(dumps(results)).hasSize(1);
    var text = dumps(results).get(0);
    assertThat(failure(results)).isInstanceOf(TimeoutException.class);
    assertThat(failure(results).getSuppressed())
        .anySatisfy(s -> assertThat(s).isInstanceOf(TimeoutDump.class).hasMessage(text));
    assertThat(SEEN).isNotEmpty().allSatisfy(s -> assertThat(s.poll()).isPresent());
    return text;
  }

  /** Starts what is seen in the dump, before the time of the test begins. */
  private static void start(Sandbox sandbox) throws IOException {
    SEEN.add(sandbox);
    var process = sandbox.exec("sh", "-c", "sleep 601 & echo started; exec sleep $SECONDS_LEFT");
    var started = process.secret(Secret.of("SECONDS_LEFT", "60234")).start();
    assertThat(started.stdout().stream().read()).isEqualTo('s');
    await()
        .until(
            () -> sandbox.exec("sh", "-c", "cat /proc/[0-9]*/comm").await().stdout(),
            names -> names.contains("sleep\nsleep\n"));
  }

  @Sandboxed
  static class Waiting {
    @Sandboxed static Sandbox ofClass;

    @BeforeEach
    void start(Sandbox sandbox) throws IOException {
      TimeoutDumpTest.start(sandbox);
      SEEN.add(ofClass);
    }

    @Test
    @Timeout(1)
    void waits() throws InterruptedException {
      new CountDownLatch(1).await();
    }
  }

  @Sandboxed
  static class InThreadOfItsOwn {
    @BeforeEach
    void start(Sandbox sandbox) throws IOException {
      TimeoutDumpTest.start(sandbox);
    }

    @Test
    @Timeout(value = 1, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void waits() throws InterruptedException {
      new CountDownLatch(1).await();
    }
  }

  @Test
  void showsTheProcessesInsideAndTheThreadOfTheTest() {
    for (var fixture : List.of(Waiting.class, InThreadOfItsOwn.class)) {
      assertThat(dump(fixture))
          .startsWith("The time is over. Thread \"")
          .contains(fixture.getName() + ".waits(TimeoutDumpTest.java:")
          .doesNotContain("org.junit.jupiter.engine")
          .containsPattern("\nSandbox sb-[^ ]+ of test .*, running:\n +pid +parent state")
          .containsPattern("\n +[0-9]+ +[0-9]+ [A-Z] +[0-9.]+ s  sleep 601")
          .containsPattern("\n +[0-9]+ +1 [A-Z] +[0-9.]+ s  sleep '\\*\\*\\*'");
    }
  }

  @Test
  void showsThatNothingRunsInside() {
    assertThat(dump(Waiting.class))
        .containsPattern("Sandbox sb-[^ ]+ of field .*, running:\nnothing runs inside");
  }

  static class InBeforeAll {
    @BeforeAll
    @Timeout(1)
    static void waits(@Sandboxed Sandbox sandbox) {
      SEEN.add(sandbox);
      sandbox.exec("sleep", "603").await();
    }

    @Test
    void test() {}
  }

  @Test
  void showsThemForAClassThatIsPrepared() {
    assertThat(dump(InBeforeAll.class)).contains("of parameter [").contains("running:");
  }

  /** Waits for ever, in a JVM inside. */
  static final class Waiter {
    private Waiter() {}

    public static void main(String[] arguments) throws InterruptedException {
      System.out.println("started");
      synchronized (arguments) {
        arguments.wait();
      }
    }
  }

  @Sandboxed
  static class WithJvm {
    @BeforeEach
    void start(Sandbox sandbox) throws IOException, URISyntaxException {
      SEEN.add(sandbox);
      var name = Waiter.class.getName();
      var file = name.replace('.', '/') + ".class";
      sandbox.files().copyIn(Path.of(Waiter.class.getResource("/" + file).toURI()), "/tmp/" + file);
      var jvm = sandbox.exec("java", "-cp", "/tmp", name).start();
      assertThat(jvm.stdout().stream().read()).isEqualTo('s');
    }

    @Test
    @Timeout(1)
    void waits() throws InterruptedException {
      new CountDownLatch(1).await();
    }
  }

  @Test
  void showsTheThreadsOfJvms() {
    assertThat(dump(WithJvm.class))
        .containsPattern("\nThreads of the JVM [0-9]+:\n")
        .contains("\"main\"", "at " + Waiter.class.getName() + ".main(TimeoutDumpTest.java:");
  }

  @Sandboxed
  static class Hostile {
    @BeforeEach
    void start(Sandbox sandbox) throws IOException {
      SEEN.add(sandbox);
      // Its name looks like the end of a name, its arguments like another line and an escape.
      sandbox.exec("cp", "/bin/sleep", "/tmp/) Z 1 9").await();
      sandbox
          .exec("bash", "-c", "exec -a $'a\\n  77 1 R\\033[2J' '/tmp/) Z 1 9' 605; false")
          .start();
      var many =
          sandbox
              .exec("bash", "-c", "for i in $(seq 110); do sleep 604 & done; echo started; wait")
              .start();
      assertThat(many.stdout().stream().read()).isEqualTo('s');
    }

    @Test
    @Timeout(1)
    void waits() throws InterruptedException {
      new CountDownLatch(1).await();
    }
  }

  @Test
  void showsHostileNamesInOneHarmlessLine() {
    assertThat(dump(Hostile.class))
        .containsPattern("\n +[0-9]+ +1 S +[0-9.]+ s  'a\\\\n  77 1 R\\\\u001b\\[2J' 605\n")
        .containsPattern("\n    and [0-9]+ more")
        .doesNotContain("\033");
  }

  static class Frozen {
    @Test
    @Timeout(1)
    void waits(@Sandboxed Sandbox sandbox) throws IOException {
      SEEN.add(sandbox);
      var keeper = keeper();
      signal("STOP", keeper);
      try {
        sandbox.exec("true").await();
      } finally {
        signal("CONT", keeper);
      }
    }

    private static long keeper() {
      return ProcessHandle.current()
          .children()
          .filter(p -> p.info().command().filter(c -> c.contains("/keeper")).isPresent())
          .mapToLong(ProcessHandle::pid)
          .max()
          .orElseThrow();
    }

    private static void signal(String name, long pid) throws IOException {
      var kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start();
      await().atMost(10, TimeUnit.SECONDS).until(() -> !kill.isAlive());
    }
  }

  @Test
  void doesNotWaitForASandboxThatHangs() {
    assertThat(dump(Frozen.class))
        .contains(
            "\nits processes are not known: no answer within 3 s",
            "\nThe threads of its JVMs are not known: no answer within 5 s");
  }

  static class Passing {
    @Test
    @Timeout(60)
    void passes(@Sandboxed Sandbox sandbox) {
      SEEN.add(sandbox);
    }
  }

  @Test
  void saysNothingOfTestsThatAreInTime() {
    assertThat(dumps(Engine.pass(Passing.class))).isEmpty();
  }
}

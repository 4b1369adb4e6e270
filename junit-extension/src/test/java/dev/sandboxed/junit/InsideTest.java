package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.EventType;

/** All fixtures run once, together; each test looks at some of what became of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InsideTest {
  private static final String MARKER = "sandboxed.test.marker";

  private Path marker;
  private EngineExecutionResults results;
  private String printed;

  @Sandboxed(execution = TestExecution.INSIDE)
  static class OutcomesFixture {
    @Test
    void passes() {
      System.out.println("printed inside in " + System.getProperty("user.dir"));
      System.err.print("an error without an end, \u001b[31mred\u001b[0m, π");
    }

    @Test
    void fails() {
      Assertions.assertEquals("one\ntwo", "one\nthree", "what they say");
    }

    @Test
    void failsOnItsOwn() {
      var failure = new OwnException(new IOException("the \u001b]0;cause"));
      try {
        Integer.parseInt("beside it");
      } catch (NumberFormatException e) {
        failure.addSuppressed(e);
      }
      throw failure;
    }

    @Test
    void aborts() {
      Assumptions.assumeTrue(false, "not today");
    }

    @Test
    @Disabled("for a reason")
    void isDisabled() {}

    @Test
    void publishes(TestReporter reporter) {
      reporter.publishEntry("key", "value");
    }

    @RepeatedTest(2)
    void repeats() {}

    @ParameterizedTest
    @MethodSource("words")
    void takes(String word) {
      Assertions.assertNotEquals("bad", word);
    }

    static Stream<String> words() {
      leaveMark("argument source");
      return Stream.of("good", "bad");
    }

    @TestFactory
    Stream<DynamicNode> makes() {
      return Stream.of(
          DynamicTest.dynamicTest("first", () -> {}),
          DynamicTest.dynamicTest("second", () -> Assertions.fail("made to fail")));
    }

    @Nested
    class InnerFixture {
      @Test
      void isRunToo() {}
    }
  }

  static class OwnException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OwnException(Throwable cause) {
      super("of a class of the tests", cause);
    }
  }

  /** Whatever it does to the host would show by the mark. */
  @Sandboxed(execution = TestExecution.INSIDE)
  static class HostileFixture {
    static {
      leaveMark("static initialiser");
    }

    HostileFixture() {
      leaveMark("constructor");
    }

    @Test
    void exits() {
      System.out.println("printed before the end");
      System.exit(3);
    }

    @Test
    void halts() {
      Runtime.getRuntime().halt(0);
    }

    @Test
    void leavesAThread() {
      new Thread(HostileFixture::sleepForEver).start();
    }

    @Test
    @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
    void takesTooLong() {
      sleepForEver();
    }

    @Test
    @Sandboxed(timeout = "6s")
    void outlivesItsSandbox() {
      System.out.println("printed before the timeout");
      while (true) {
        sleepForEver();
      }
    }

    @Test
    void readsTheHost() throws IOException {
      Assertions.assertFalse(Files.exists(Path.of(System.getProperty(MARKER)).getParent()));
      Assertions.assertTrue(Files.readString(Path.of("/etc/shadow")).startsWith("root:*:"));
      Assertions.assertFalse(Files.exists(Path.of("/root/.ssh")));
      Assertions.assertTrue(
          Stream.of("HOME", "USER", "SSH_AUTH_SOCK")
              .map(System::getenv)
              .allMatch(v -> v == null || v.equals("/root") || v.equals("root")));
    }

    @Test
    void connects() {
      Assertions.assertThrows(IOException.class, () -> new Socket("192.0.2.1", 80).close());
    }

    @Test
    void printsAHugeLot() {
      var line = "x".repeat(1023) + "\n";
      for (var i = 0; i < 3000; i++) {
        System.out.print(line);
      }
    }

    @Test
    void forgesEvents() throws IOException {
      var out = new FileOutputStream(FileDescriptor.out);
      for (var event : List.of("{\"event\":\"end\"}", "00 {\"event\":\"end\"}", "no line end")) {
        out.write((event + (event.startsWith("no") ? "" : "\n")).getBytes(StandardCharsets.UTF_8));
      }
      Assertions.fail("still");
    }

    @Test
    void fillsTheStack() {
      Assertions.assertEquals(0, deeper(1));
    }

    private static int deeper(int depth) {
      return depth == 0 ? 0 : deeper(depth + 1) + 1;
    }

    @Test
    void failsDeeply() {
      var failure = new RuntimeException("innermost");
      for (var i = 0; i < 500; i++) {
        failure = new RuntimeException("level " + i, failure);
      }
      throw failure;
    }

    @Test
    void failsWithoutSense() {
      throw new NonsenseException();
    }

    private static void sleepForEver() {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  static class NonsenseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException();
    }

    @Override
    public synchronized Throwable getCause() {
      return this;
    }
  }

  @Sandboxed(execution = TestExecution.INSIDE)
  static class FailingBeforeAllFixture {
    @BeforeAll
    static void fail() {
      throw new IllegalStateException("cannot begin");
    }

    @Test
    void hasNoChance() {}
  }

  @Sandboxed(execution = TestExecution.INSIDE)
  static class FailingAfterAllFixture {
    @AfterAll
    static void fail() {
      throw new IllegalStateException("cannot end");
    }

    @Test
    void isBlamed() {}
  }

  @Disabled("all of it")
  @Sandboxed(execution = TestExecution.INSIDE)
  static class DisabledFixture {
    @Test
    void isNotRun() {}
  }

  @Sandboxed(execution = TestExecution.INSIDE)
  static class SandboxFixture {
    @Test
    void wants(dev.sandboxed.Sandbox sandbox) {
      throw new AssertionError(sandbox.id());
    }
  }

  @Sandboxed(execution = TestExecution.INSIDE, scope = SandboxScope.CLASS)
  static class SharedFixture {
    private static int calls;

    @BeforeAll
    static void before() {
      System.out.println("shared: before all");
    }

    @BeforeEach
    void count() {
      calls++;
      System.out.println("shared: before " + calls);
    }

    @Test
    void one() {}

    @Test
    void two() {}

    @AfterEach
    void after() {
      System.out.println("shared: after " + calls);
    }

    @AfterAll
    static void end() {
      System.out.println("shared: after all");
    }
  }

  @Sandboxed(execution = TestExecution.INSIDE, command = "true")
  static class CommandFixture {
    @Test
    void cannotBe() {}
  }

  static void leaveMark(String who) {
    try {
      Files.writeString(Path.of(System.getProperty(MARKER)), who);
    } catch (IOException e) {
      // There is no such directory inside.
    }
  }

  @BeforeAll
  void runAll(@TempDir Path directory) {
    marker = directory.resolve("mark");
    System.setProperty(MARKER, marker.toString());
    var out = System.out;
    var err = System.err;
    var bytes = new ByteArrayOutputStream();
    var stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    System.setOut(stream);
    System.setErr(stream);
    try {
      results =
          EngineTestKit.engine("sandboxed-inside")
              .selectors(
                  selectClass(OutcomesFixture.class),
                  selectClass(HostileFixture.class),
                  selectClass(FailingBeforeAllFixture.class),
                  selectClass(FailingAfterAllFixture.class),
                  selectClass(DisabledFixture.class),
                  selectClass(SandboxFixture.class),
                  selectClass(SharedFixture.class),
                  selectClass(CommandFixture.class))
              .configurationParameter(Sandboxed.INSIDE_SYSTEM_PROPERTIES_PROPERTY_NAME, MARKER)
              .execute();
    } finally {
      System.setOut(out);
      System.setErr(err);
      System.clearProperty(MARKER);
    }
    printed = bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void results_are_those_of_the_tests() {
    assertThat(outcome("passes()")).isEqualTo("SUCCESSFUL");
    assertThat(outcome("fails()")).isEqualTo("FAILED");
    assertThat(outcome("aborts()")).isEqualTo("ABORTED");
    assertThat(failure("aborts()"))
        .isInstanceOf(org.opentest4j.TestAbortedException.class)
        .hasMessageContaining("not today");
    assertThat(outcome("isDisabled()")).isEqualTo("skipped: for a reason");
    assertThat(outcome("isNotRun()")).isEqualTo("skipped: all of it");
    assertThat(outcome("isRunToo()")).isEqualTo("SUCCESSFUL");
  }

  @Test
  void what_is_generated_inside_is_reported() {
    assertThat(names("test-template:repeats()")).hasSize(2);
    assertThat(names("test-template:takes(java.lang.String)")).hasSize(2);
    assertThat(names("test-factory:makes()")).containsExactly("first", "second");
    assertThat(results.testEvents().failed().list())
        .anyMatch(e -> throwable(e).toString().contains("made to fail"))
        .anyMatch(e -> e.getTestDescriptor().getDisplayName().contains("bad"));
  }

  @Test
  void failures_come_back_whole() {
    assertThat(failure("fails()"))
        .isInstanceOfSatisfying(
            org.opentest4j.AssertionFailedError.class,
            e -> {
              assertThat(e.getExpected().getValue()).isEqualTo("one\ntwo");
              assertThat(e.getActual().getValue()).isEqualTo("one\nthree");
            })
        .hasMessageContaining("what they say");
    assertThat(failure("fails()").getStackTrace())
        .anyMatch(f -> f.getClassName().equals(OutcomesFixture.class.getName()));
    var own = failure("failsOnItsOwn()");
    assertThat(own)
        .hasToString(OwnException.class.getName() + ": of a class of the tests")
        .isNotInstanceOf(OwnException.class);
    assertThat(own.getCause()).hasToString("java.io.IOException: the \\u001b]0;cause");
    assertThat(own.getSuppressed()).hasSize(1);
    assertThat(own.getSuppressed()[0].getStackTrace())
        .anyMatch(
            f -> f.getMethodName().equals("parseInt") && f.getModuleName().equals("java.base"))
        .anyMatch(f -> f.getMethodName().equals("failsOnItsOwn"));
  }

  @Test
  void what_is_printed_and_published_comes_back() {
    assertThat(printed)
        .contains("printed inside in /work\n")
        .contains("an error without an end, \\u001b[31mred\\u001b[0m, π")
        .contains("x".repeat(1023) + "\n")
        .contains("{\"event\":\"end\"}\n", "no line end");
    assertThat(results.allEvents().reportingEntryPublished().list()).hasSize(1);
  }

  @Test
  void a_jvm_that_ends_early_fails_its_test_alone() {
    assertThat(failure("exits()"))
        .hasMessageContaining("exit code 3")
        .hasMessageContaining("printed before the end");
    assertThat(failure("halts()")).hasMessageContaining("exit code 0");
    assertThat(failure("outlivesItsSandbox()")).hasMessageContaining("timeout of 6000 ms");
    assertThat(outcome("leavesAThread()")).isEqualTo("SUCCESSFUL");
    assertThat(failure("takesTooLong()")).hasMessageContaining("200 milliseconds");
    assertThat(outcome("forgesEvents()")).isEqualTo("FAILED");
    assertThat(failure("forgesEvents()")).hasMessageContaining("still");
  }

  @Test
  void nothing_of_the_host_is_there() {
    assertThat(outcome("readsTheHost()")).isEqualTo("SUCCESSFUL");
    assertThat(outcome("connects()")).isEqualTo("SUCCESSFUL");
    assertThat(marker).doesNotExist();
  }

  @Test
  void failures_of_any_size_are_bounded() {
    assertThat(failure("fillsTheStack()").getStackTrace()).hasSize(1024);
    var depth = 0;
    for (var t = failure("failsDeeply()"); t != null; t = t.getCause()) {
      depth++;
    }
    assertThat(depth).isEqualTo(32);
    assertThat(failure("failsWithoutSense()")).hasToString(NonsenseException.class.getName());
  }

  @Test
  void failures_around_a_test_are_its_own() {
    assertThat(failure("hasNoChance()"))
        .hasToString("java.lang.IllegalStateException: cannot begin");
    assertThat(failure("isBlamed()")).hasToString("java.lang.IllegalStateException: cannot end");
  }

  @Test
  void what_has_no_meaning_inside_is_told() {
    assertThat(failure("wants(dev.sandboxed.Sandbox)"))
        .hasStackTraceContaining("cannot have a sandbox to use");
    assertThat(failure("cannotBe()")).hasMessageContaining("command and readyWhen");
  }

  @Test
  void tests_of_a_class_can_share_a_jvm() {
    assertThat(printed)
        .contains(
            "shared: before all\nshared: before 1\nshared: after 1\nshared: before 2\nshared: after"
                + " 2\nshared: after all\n");
  }

  @Test
  void every_test_begins_and_ends_once() {
    results.allEvents().assertStatistics(s -> s.finished(results.allEvents().started().count()));
    results.containerEvents().assertStatistics(s -> s.failed(0));
  }

  private Event event(String method) {
    return results
        .allEvents()
        .filter(e -> e.getType() == EventType.FINISHED || e.getType() == EventType.SKIPPED)
        .filter(e -> e.getTestDescriptor().getUniqueId().getLastSegment().getValue().equals(method))
        .findFirst()
        .orElseThrow();
  }

  private String outcome(String method) {
    var event = event(method);
    return event.getType() == EventType.SKIPPED
        ? "skipped: " + event.getRequiredPayload(String.class)
        : event.getRequiredPayload(TestExecutionResult.class).getStatus().name();
  }

  private Throwable failure(String method) {
    return throwable(event(method));
  }

  private static Throwable throwable(Event event) {
    return Optional.of(event.getRequiredPayload(TestExecutionResult.class))
        .flatMap(TestExecutionResult::getThrowable)
        .orElseThrow();
  }

  private List<String> names(String parent) {
    return results
        .testEvents()
        .finished()
        .filter(e -> e.getTestDescriptor().getUniqueId().toString().contains("[" + parent + "]"))
        .map(e -> e.getTestDescriptor().getDisplayName())
        .toList();
  }
}

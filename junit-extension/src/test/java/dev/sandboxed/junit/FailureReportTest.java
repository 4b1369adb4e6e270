package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sandboxed.ExecTimeoutException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.testkit.engine.EngineExecutionResults;

/** What the failure of a test tells about its sandboxes. */
class FailureReportTest {
  private static final String SCRIPT = "echo out; echo err >&2; exit 3";
  private static final String SHOWN =
      """
      sh -c '%s': exit code 3
      stdout:
        out
      stderr:
        err\
      """
          .formatted(SCRIPT);

  private static String activity(Throwable failure) {
    assertThat(failure.getSuppressed()).hasSize(1);
    return failure.getSuppressed()[0].getMessage();
  }

  private static List<String> reported(EngineExecutionResults results) {
    return results
        .allEvents()
        .reportingEntryPublished()
        .map(e -> e.getRequiredPayload(ReportEntry.class).getKeyValuePairs())
        .flatMap(pairs -> Stream.ofNullable(pairs.get("sandbox activity")))
        .toList();
  }

  @Sandboxed
  static class Failing {
    @Test
    void test(Sandbox sandbox) {
      assertEquals(0, sandbox.exec("sh", "-c", SCRIPT).await().exitCode());
    }
  }

  @Test
  void showsCommandExitReasonAndBothStreams() {
    var failure = Engine.fail(Failing.class);

    assertThat(failure).hasMessage("expected: <0> but was: <3>");
    assertThat(activity(failure))
        .matches(
            "(?s)Sandbox [a-z0-9-]+ of test test\\(Sandbox\\), running; 1 command ran in it:\n.*")
        .endsWith(SHOWN);
    assertThat(failure.getSuppressed()[0].toString())
        .startsWith("dev.sandboxed.junit.SandboxActivity: Sandbox ");
  }

  @Sandboxed
  static class FailingWithSecrets {
    private static final String VALUE = "hunter2-of-a-test";

    @Test
    void test(Sandbox sandbox) throws IOException {
      var secret = Secret.of("TOKEN", VALUE);
      var printed = sandbox.exec("sh", "-c", "env; echo $TOKEN >&2").secret(secret);
      var result = printed.await();
      assertThat(result.stdout()).contains(VALUE);
      sandbox.exec("echo", VALUE).secret(secret).await();
      try (var running = sandbox.exec("sh", "-c", "env; sleep 100").secret(secret).start()) {
        assertThat(running.stdout().lines().anyMatch(l -> l.contains(VALUE))).isTrue();
        assertThat(result).as("the result").isNull();
      }
    }
  }

  @Test
  void showsNoSecret() {
    var results = Engine.run(FailingWithSecrets.class);

    var failure = Engine.fail(FailingWithSecrets.class);
    var text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text, true));
    assertThat(text.toString()).contains("TOKEN=***").doesNotContain("hunter2");
    assertThat(reported(results))
        .singleElement()
        .satisfies(t -> assertThat(t).contains("TOKEN=***").doesNotContain("hunter2"));
  }

  @Test
  void publishesTheSameAsAReportEntry() {
    assertThat(reported(Engine.run(Failing.class)))
        .singleElement()
        .satisfies(text -> assertThat(text).startsWith("Sandbox ").endsWith(SHOWN));
  }

  @Sandboxed(network = "*.example.org")
  static class Curious {
    @Test
    void test(Sandbox sandbox) {
      var connect = "import socket; socket.create_connection(('203.0.113.7', 443))";
      assertEquals(0, sandbox.exec("python3", "-c", connect).await().exitCode());
    }
  }

  @Test
  void listsWhatWasTriedToReach() {
    assertThat(activity(Engine.fail(Curious.class)))
        .contains("ConnectionRefusedError")
        .endsWith(
            """

            It tried to reach:
              refused tcp://203.0.113.7:443: no rule allows tcp 203.0.113.7:443\
            """);
  }

  @Sandboxed
  static class Passing {
    @Test
    void passes(Sandbox sandbox) {
      sandbox.exec("sh", "-c", SCRIPT).await();
    }

    @Test
    void aborts(Sandbox sandbox) {
      assumeTrue(sandbox.exec("sh", "-c", SCRIPT).await().isSuccess());
    }
  }

  @Test
  void saysNothingAboutTestsThatPassOrAbort() {
    var results = Engine.run(Passing.class);

    results.testEvents().assertStatistics(s -> s.succeeded(1).aborted(1));
    assertThat(reported(results)).isEmpty();
  }

  @Sandboxed
  static class InConstructor {
    InConstructor(Sandbox sandbox) {
      assertEquals(0, sandbox.exec("sh", "-c", SCRIPT).await().exitCode());
    }

    @Test
    void test() {}
  }

  static class InAfterEach {
    @Sandboxed Sandbox field;

    @Test
    void test() {}

    @AfterEach
    void check() {
      assertEquals(0, field.exec("sh", "-c", SCRIPT).await().exitCode());
    }
  }

  static class InBeforeAll {
    @BeforeAll
    static void prepare(@Sandboxed Sandbox sandbox) {
      assertEquals(0, sandbox.exec("sh", "-c", SCRIPT).await().exitCode());
    }

    @Test
    void test() {}
  }

  @Sandboxed
  static class InDynamic {
    @TestFactory
    Stream<DynamicTest> tests(Sandbox sandbox) {
      return Stream.of(
          dynamicTest(
              "fails", () -> assertEquals(0, sandbox.exec("sh", "-c", SCRIPT).await().exitCode())));
    }
  }

  static class InClassScope {
    @Sandboxed static Sandbox forAll;

    @Test
    void test() {
      assertEquals(0, forAll.exec("sh", "-c", SCRIPT).await().exitCode());
    }
  }

  @Test
  void showsItWhereverTheTestFails() {
    for (var fixture :
        List.of(
            InConstructor.class,
            InAfterEach.class,
            InBeforeAll.class,
            InDynamic.class,
            InClassScope.class)) {
      assertThat(activity(Engine.fail(fixture))).as(fixture.getSimpleName()).endsWith(SHOWN);
    }
  }

  @Sandboxed
  static class Many {
    @Sandboxed Sandbox other;

    @Test
    void test(Sandbox sandbox) {
      IntStream.rangeClosed(1, 12).forEach(i -> sandbox.exec("echo", "n" + i).await());
      other.exec("true").await();
      throw new IllegalStateException("failed");
    }
  }

  @Test
  void showsTheLastCommandsOfEachSandbox() {
    assertThat(activity(Engine.fail(Many.class)))
        .contains(
            "Many.other], running; 1 command ran in it:\ntrue: exit code 0",
            "the last 10 of 12 commands that ran in it:\necho n3: exit code 0")
        .doesNotContain("echo n2")
        .contains("echo n12: exit code 0");
  }

  @Sandboxed
  static class Started {
    @Test
    void test(Sandbox sandbox) throws IOException {
      var ended = sandbox.exec("sh", "-c", SCRIPT).start();
      assertEquals("out\n", ended.stdout().text());
      assertEquals(List.of("err"), ended.stderr().lines().toList());
      ended.waitFor();
      var running = sandbox.exec("sh", "-c", "echo ready; sleep 60").start();
      InputStream stdout = running.stdout().stream();
      assertEquals(
          "ready\n", new String(stdout.readNBytes(6), java.nio.charset.StandardCharsets.UTF_8));
      sandbox.exec("sleep", "60").timeout(Duration.ofMillis(200)).await();
    }
  }

  @Test
  void showsStartedProcessesAndTimeouts() {
    var failure = Engine.fail(Started.class);

    assertThat(failure).isInstanceOf(ExecTimeoutException.class);
    assertThat(activity(failure))
        .contains(
            SHOWN,
            "sh -c 'echo ready; sleep 60': still running\nstdout:\n  ready\nstderr: (empty)",
            "sleep 60: TIMEOUT (exit code 124)");
  }

  @Sandboxed
  static class Async {
    @Test
    void test(Sandbox sandbox) {
      sandbox.exec("sh", "-c", SCRIPT).awaitAsync().join();
      sandbox.exec("sh", "-c", "exit 4").startAsync().join().waitFor();
      sandbox.exec("no-such-program").awaitAsync().join();
    }
  }

  @Test
  void showsAsynchronousCommandsAndThoseThatDoNotStart() {
    assertThat(activity(Engine.fail(Async.class)))
        .contains(SHOWN, "sh -c 'exit 4': exit code 4")
        .contains("no-such-program: dev.sandboxed.CommandNotFoundException: ");
  }

  @Sandboxed
  static class Cancelled {
    @Test
    void test(Sandbox sandbox) {
      var waiting = sandbox.exec("sleep", "600").awaitAsync();
      waiting.cancel(true);
      var find = sandbox.exec("sh", "-c", "grep -sqx sleep /proc/[0-9]*/comm");
      await().untilAsserted(() -> assertFalse(find.await().isSuccess(), "sleep runs"));
    }
  }

  @Test
  void passesOnTheCancellationOfAsynchronousCommands() {
    Engine.pass(Cancelled.class);
  }

  @Sandboxed
  static class Ended {
    @Test
    void test(Sandbox sandbox) {
      sandbox.terminate().join();
      throw new IllegalStateException("failed");
    }
  }

  @Test
  void saysThatASandboxHasEnded() {
    assertThat(activity(Engine.fail(Ended.class))).endsWith(", ended: TERMINATED (exit code 137)");
  }

  @Sandboxed
  static class Hostile {
    @Test
    void test(Sandbox sandbox) {
      sandbox.exec("printf", "\\033[2J").await();
      throw new IllegalStateException("failed");
    }
  }

  @Test
  void printsNothingThatATerminalActsOn() {
    assertThat(activity(Engine.fail(Hostile.class))).contains("\\u001b[2J").doesNotContain("\033");
  }
}

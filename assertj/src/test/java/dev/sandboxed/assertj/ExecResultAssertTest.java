package dev.sandboxed.assertj;

import static dev.sandboxed.assertj.SandboxAssertFactories.EXEC_RESULT;
import static dev.sandboxed.assertj.SandboxAssertFactories.EXIT_STATUS;
import static dev.sandboxed.assertj.SandboxAssertions.assertThat;
import static dev.sandboxed.assertj.SandboxAssertions.then;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.sandboxed.ExecResult;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import dev.sandboxed.Signal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.error.AssertJMultipleFailuresError;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;

/** What is asserted on results of commands, and what failures show. */
class ExecResultAssertTest {
  private static final ExitStatus ZERO = new ExitStatus(0, ExitReason.EXITED);
  private static final ExitStatus THREE = new ExitStatus(3, ExitReason.EXITED);

  @Test
  void passesWhereAllIsAsExpected() {
    assertThat(result(ZERO, "2\n", ""))
        .succeeded()
        .exitedWith(0)
        .endedBy(ExitReason.EXITED)
        .hasExitStatus(ZERO)
        .hasStdout("2\n")
        .hasNoStderr()
        .stdout()
        .isEqualToIgnoringNewLines("2");
    assertThat(result(THREE, "", "no\n")).failed().exitedWith(3).hasNoStdout().hasStderr("no\n");
    assertThat(result(new ExitStatus(124, ExitReason.TIMEOUT), "", "")).failed().timedOut();
    assertThat(new ExitStatus(143, ExitReason.SIGNALED)).failed().wasSignaled(Signal.TERM);
    then(result(THREE, "", "")).failed();
    then(THREE).exitedWith(3);
  }

  @Test
  void showsTheCommandItsEndAndBothOutputs() {
    assertThat(failureOf(() -> assertThat(result(THREE, "one\ntwo\n", "no such\n")).succeeded()))
        .hasMessage(
            """

            Expecting the command to succeed, but it ended with exit code 3:
            sh -c 'echo hello': exit code 3
            stdout:
              one
              two
            stderr:
              no such\
            """);
    assertThat(
            failureOf(
                () -> assertThat(result(ZERO, "", "")).as("the build").wasSignaled(Signal.KILL)))
        .hasMessage(
            "[the build] \n"
                + """
                Expecting the command to be ended by signal 9, but it ended with exit code 0:
                sh -c 'echo hello': exit code 0
                stdout: (empty)
                stderr: (empty)\
                """);
    assertThat(failureOf(() -> assertThat(new ExitStatus(137, ExitReason.OUT_OF_MEMORY)).failed()))
        .isNull();
    assertThat(failureOf(() -> assertThat(THREE).timedOut()))
        .hasMessage(
            "%nExpecting the exit to end by TIMEOUT, but it ended with exit code 3:%n  exit code 3"
                .formatted());
  }

  @Test
  void showsBothTextsWhereTheyDiffer() {
    var failure =
        failureOf(() -> assertThat(result(ZERO, "one\ntwo\n", "")).hasStdout("one\ntoo\n"));

    assertThat(failure)
        .hasMessage(
            """

            Expecting stdout to be:
            "one
            too
            "
            but it was:
            "one
            two
            "
            They differ first in line 2, column 2.
            sh -c 'echo hello': exit code 0
            stdout:
              one
              two
            stderr: (empty)\
            """)
        .asInstanceOf(type(AssertionFailedError.class))
        .satisfies(
            e -> {
              assertThat(e.getExpected().getStringRepresentation()).contains("one\ntoo\n");
              assertThat(e.getActual().getStringRepresentation()).contains("one\ntwo\n");
            });
  }

  @Test
  void showsEverythingForAssertionsOnAnOutput() {
    assertThat(
            failureOf(
                () -> assertThat(result(THREE, "one\n", "no such\n")).stdout().startsWith("two")))
        .hasMessageStartingWith(
            """
            [stdout of sh -c 'echo hello': exit code 3
            stdout:
              one
            stderr:
              no such]\
            """);
  }

  @Test
  void showsNoSecrets() {
    var mask = SecretMask.of(List.of(Secret.of("TOKEN", "hunter2-hunter2")));
    var bytes = "the token is hunter2-hunter2\n".getBytes(StandardCharsets.UTF_8);
    var result =
        new ExecResult(
            List.of("login", "hunter2-hunter2"), ZERO, bytes, bytes, Duration.ZERO, mask);

    assertThat(
            List.of(
                failureOf(() -> assertThat(result).failed()),
                failureOf(() -> assertThat(result).hasStdout("my hunter2-hunter2")),
                failureOf(() -> assertThat(result).hasStderr("")),
                failureOf(() -> assertThat(result).stdout().isEqualTo("hunter2-hunter2")),
                failureOf(() -> assertThat(result).stderr().doesNotContain("hunter2")),
                failureOf(() -> assertThat(result).isEqualTo("hunter2-hunter2"))))
        .allSatisfy(
            failure -> {
              assertThat(failure.toString()).contains("***").doesNotContain("hunter2-hunter2");
              if (failure instanceof AssertionFailedError failed && failed.isActualDefined()) {
                assertThat(failed.getActual().getStringRepresentation())
                    .doesNotContain("hunter2-hunter2");
                assertThat(failed.getExpected().getStringRepresentation())
                    .doesNotContain("hunter2-hunter2");
              }
            });
  }

  @Test
  void saysWhereOnlySecretsDiffer() {
    var mask = SecretMask.of(List.of(Secret.of("A", "secret-one"), Secret.of("B", "secret-two")));
    var bytes = "secret-one".getBytes(StandardCharsets.UTF_8);
    var result = new ExecResult(List.of("echo"), ZERO, bytes, new byte[0], Duration.ZERO, mask);

    assertThat(failureOf(() -> assertThat(result).hasStdout("secret-two")))
        .hasMessageContaining("They differ in a secret only, which is not shown.");
  }

  @Test
  void boundsAndEscapesWhatComesFromInside() {
    var text = "x".repeat(300_000) + "\u001b[2J\r\u202e" + "y".repeat(300_000);

    var failure = failureOf(() -> assertThat(result(ZERO, text, text)).hasStdout("x"));
    var inside =
        failureOf(() -> assertThat(result(ZERO, text, "")).hasStdout(text.replace('\r', ' ')));
    var further = failureOf(() -> assertThat(result(ZERO, text, text)).stdout().isEmpty());

    assertThat(List.of(failure, inside, further))
        .allSatisfy(
            f -> {
              assertThat(f.toString().length()).isLessThan(64 * 1024);
              assertThat(f.toString()).doesNotContain("\u001b", "\u202e", "\r");
            });
    assertThat(inside)
        .hasMessageContaining("x\\u001b[2J\\r\\u202ey")
        .hasMessageContaining("… (295,9")
        .hasMessageContaining("characters before)")
        .hasMessageContaining("characters after)");
  }

  @Test
  void failsForNull() {
    assertThat(failureOf(() -> assertThat((ExecResult) null).succeeded()))
        .hasMessageContaining("not to be null");
    assertThat(failureOf(() -> assertThat((ExitStatus) null).failed()))
        .hasMessageContaining("not to be null");
  }

  @Test
  void gathersFailures() {
    var failure =
        catchThrowableOfType(
            AssertJMultipleFailuresError.class,
            () -> {
              try (var softly = new SandboxSoftAssertions()) {
                softly.assertThat(result(THREE, "one\n", "")).succeeded().hasStdout("two\n");
                softly.assertThat(result(THREE, "one\n", "")).stdout().isEmpty();
                softly.assertThat(THREE).timedOut();
                softly.then(THREE).succeeded();
                softly.assertThat(1).isEqualTo(2);
              }
            });

    assertThat(failure.getFailures()).hasSize(6);
  }

  @Test
  void gathersFailuresOfALambda() {
    assertThat(
            failureOf(
                () ->
                    SandboxSoftAssertions.assertSoftly(
                        softly -> softly.then(result(THREE, "", "")).succeeded())))
        .hasMessageContaining("Expecting the command to succeed");
  }

  @Test
  void narrowsOtherAssertions() {
    Object result = result(THREE, "", "");

    assertThat(result).asInstanceOf(EXEC_RESULT).failed();
    assertThat(List.of(THREE)).first(EXIT_STATUS).exitedWith(3);
  }

  private static ExecResult result(ExitStatus status, String stdout, String stderr) {
    return new ExecResult(
        List.of("sh", "-c", "echo hello"),
        status,
        stdout.getBytes(StandardCharsets.UTF_8),
        stderr.getBytes(StandardCharsets.UTF_8),
        Duration.ofMillis(5));
  }

  private static AssertionError failureOf(ThrowingCallable assertion) {
    return catchThrowableOfType(AssertionError.class, assertion);
  }
}

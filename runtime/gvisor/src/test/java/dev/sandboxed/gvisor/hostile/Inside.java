package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.sandboxed.Exec;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxProcess;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Programs to run inside, and what must hold after them. */
final class Inside {
  /** How long an answer may take on a machine that is busy with an attack. */
  static final Duration PATIENCE = Duration.ofSeconds(40);

  private Inside() {}

  static Exec python(Sandbox sandbox, String... lines) {
    return sandbox.exec("python3", "-c", String.join("\n", lines));
  }

  static Exec shell(Sandbox sandbox, String script) {
    return sandbox.exec("sh", "-c", script);
  }

  /** Starts a program and waits until it prints a line. */
  static SandboxProcess startAndAwaitLine(Exec program, String line) throws Exception {
    var process = program.start();
    assertThat(firstLine(process)).isEqualTo(line);
    return process;
  }

  /** Runs an attack to its end, however it ends: what matters is what comes after. */
  static void runAndForget(Exec attack) throws Exception {
    try {
      attack.awaitAsync().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(SandboxException.class);
    } catch (TimeoutException e) {
      // The attack may have stopped the agent; whether others notice is for the test to say.
    }
  }

  /** Reads byte by byte, so that nothing after the line is taken from its reader. */
  private static String firstLine(SandboxProcess process) throws Exception {
    var out = process.stdout().stream();
    var text = new StringBuilder();
    for (var c = out.read(); c >= 0 && c != '\n'; c = out.read()) {
      text.append((char) c);
    }
    return text.toString();
  }

  static void assertAnswers(Sandbox sandbox) {
    assertThat(answer(sandbox)).isEqualTo("alive\n");
  }

  /** A sandbox whose agent is forged may lie, but a caller never waits for good. */
  static void assertReturns(Sandbox sandbox) {
    try {
      answer(sandbox);
    } catch (SandboxException e) {
      assertSaysWhy(sandbox, e);
    }
  }

  /** A sandbox may be broken by its own programs, but must say so and not hang. */
  static void assertAnswersOrSaysWhy(Sandbox sandbox) {
    try {
      assertThat(answer(sandbox)).isEqualTo("alive\n");
    } catch (SandboxException e) {
      assertSaysWhy(sandbox, e);
    }
  }

  private static void assertSaysWhy(Sandbox sandbox, SandboxException e) {
    assertThat(e).hasMessageMatching("(?s).{20,}");
    assertThat(sandbox.onExit())
        .as("a sandbox that no longer answers has ended")
        .succeedsWithin(PATIENCE)
        .extracting(ExitStatus::reason)
        .isIn(ExitReason.FAILED, ExitReason.SIGNALED, ExitReason.EXITED);
  }

  static void assertANewSandboxWorks() {
    try (var sandbox = Sandbox.create()) {
      assertAnswers(sandbox);
    }
  }

  static void assertEndsQuickly(Sandbox sandbox) throws Exception {
    sandbox.terminate().get(10, TimeUnit.SECONDS);
  }

  private static String answer(Sandbox sandbox) {
    var answer = sandbox.exec("echo", "alive").awaitAsync();
    try {
      return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).stdout();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SandboxException cause) {
        throw cause;
      }
      return fail("Not an error of ours", e);
    } catch (TimeoutException e) {
      answer.cancel(true);
      return fail("The sandbox neither answered nor said why not", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fail(e);
    }
  }
}

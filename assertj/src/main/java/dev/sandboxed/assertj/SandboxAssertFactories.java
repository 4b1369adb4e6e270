package dev.sandboxed.assertj;

import dev.sandboxed.ExecResult;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import org.assertj.core.api.InstanceOfAssertFactory;

/**
 * Narrows AssertJ's assertions to those on sandboxes, by {@code asInstanceOf} and {@code
 * extracting}.
 *
 * <pre>{@code
 * assertThatThrownBy(() -> sandbox.exec("sleep", "9").timeout(Duration.ofMillis(100)).await())
 *     .asInstanceOf(type(ExecTimeoutException.class))
 *     .extracting(ExecTimeoutException::partial, EXEC_RESULT)
 *     .timedOut();
 * }</pre>
 */
public final class SandboxAssertFactories {
  /** For what a command left behind. */
  public static final InstanceOfAssertFactory<ExecResult, ExecResultAssert> EXEC_RESULT =
      new InstanceOfAssertFactory<>(ExecResult.class, ExecResultAssert::new);

  /** For how a sandbox or a process ended. */
  public static final InstanceOfAssertFactory<ExitStatus, ExitStatusAssert> EXIT_STATUS =
      new InstanceOfAssertFactory<>(ExitStatus.class, ExitStatusAssert::new);

  /** For a process. */
  public static final InstanceOfAssertFactory<SandboxProcess, SandboxProcessAssert>
      SANDBOX_PROCESS =
          new InstanceOfAssertFactory<>(SandboxProcess.class, SandboxProcessAssert::new);

  /** For a sandbox. */
  public static final InstanceOfAssertFactory<Sandbox, SandboxAssert> SANDBOX =
      new InstanceOfAssertFactory<>(Sandbox.class, SandboxAssert::new);

  private SandboxAssertFactories() {}
}

package dev.sandboxed.assertj;

import dev.sandboxed.ExecResult;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import org.jspecify.annotations.Nullable;

/**
 * Begins assertions on sandboxes, what runs in them and their files.
 *
 * <p>{@code assertThat} stands beside AssertJ's own, and {@code then} beside that of its {@code
 * BDDAssertions}; import both of a pair by name, or both with an asterisk.
 *
 * <pre>{@code
 * import static dev.sandboxed.assertj.SandboxAssertions.assertThat;
 * import static org.assertj.core.api.Assertions.assertThat;
 *
 * @Sandboxed
 * class GeneratedCodeTest {
 *   @Test
 *   void addsUp(Sandbox sandbox) {
 *     var result = sandbox.exec("python3", "-c", "print(1 + 1)").await();
 *     assertThat(result).succeeded().hasStdout("2\n");
 *     assertThat(sandbox).file("/tmp").isDirectory();
 *   }
 * }
 * }</pre>
 *
 * <p>A failure shows what is needed to understand it: the command, how it ended and the ends of
 * both of its outputs; for a file that is missing, what is beside it; for other contents than
 * expected both, as {@code AssertionFailedError} has them for IDEs to compare. All of it is
 * bounded, the secrets of the sandbox are taken out, and what a terminal would act on is written
 * out: it comes from inside.
 *
 * <p>Stateless, and so thread-safe; each assertion is for one thread.
 */
public final class SandboxAssertions {
  private SandboxAssertions() {}

  /**
   * Begins assertions on what a command left behind.
   *
   * @param actual the result
   * @return its assertions
   */
  public static ExecResultAssert assertThat(@Nullable ExecResult actual) {
    return new ExecResultAssert(actual);
  }

  /**
   * Begins assertions on how a sandbox or a process ended.
   *
   * @param actual the status
   * @return its assertions
   */
  public static ExitStatusAssert assertThat(@Nullable ExitStatus actual) {
    return new ExitStatusAssert(actual);
  }

  /**
   * Begins assertions on a process.
   *
   * @param actual the process
   * @return its assertions
   */
  public static SandboxProcessAssert assertThat(@Nullable SandboxProcess actual) {
    return new SandboxProcessAssert(actual);
  }

  /**
   * Begins assertions on a sandbox.
   *
   * @param actual the sandbox
   * @return its assertions
   */
  public static SandboxAssert assertThat(@Nullable Sandbox actual) {
    return new SandboxAssert(actual);
  }

  /**
   * Begins assertions on a file in a sandbox; {@link SandboxAssert#file} is shorter.
   *
   * @param actual the file
   * @return its assertions
   */
  public static SandboxFileAssert assertThat(@Nullable SandboxPath actual) {
    return new SandboxFileAssert(actual);
  }

  /**
   * Begins assertions on what a command left behind.
   *
   * @param actual the result
   * @return its assertions
   */
  public static ExecResultAssert then(@Nullable ExecResult actual) {
    return assertThat(actual);
  }

  /**
   * Begins assertions on how a sandbox or a process ended.
   *
   * @param actual the status
   * @return its assertions
   */
  public static ExitStatusAssert then(@Nullable ExitStatus actual) {
    return assertThat(actual);
  }

  /**
   * Begins assertions on a process.
   *
   * @param actual the process
   * @return its assertions
   */
  public static SandboxProcessAssert then(@Nullable SandboxProcess actual) {
    return assertThat(actual);
  }

  /**
   * Begins assertions on a sandbox.
   *
   * @param actual the sandbox
   * @return its assertions
   */
  public static SandboxAssert then(@Nullable Sandbox actual) {
    return assertThat(actual);
  }

  /**
   * Begins assertions on a file in a sandbox.
   *
   * @param actual the file
   * @return its assertions
   */
  public static SandboxFileAssert then(@Nullable SandboxPath actual) {
    return assertThat(actual);
  }
}

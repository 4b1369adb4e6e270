package dev.sandboxed.assertj;

import dev.sandboxed.ExecResult;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxProcess;
import org.assertj.core.api.SoftAssertionsProvider;

/**
 * Adds the assertions on sandboxes to soft assertions of your own; {@link SandboxSoftAssertions}
 * has them together with AssertJ's.
 *
 * <pre>{@code
 * class MySoftAssertions extends AbstractSoftAssertions
 *     implements StandardSoftAssertionsProvider, SandboxSoftAssertionsProvider {}
 * }</pre>
 */
public interface SandboxSoftAssertionsProvider extends SoftAssertionsProvider {

  /**
   * Begins assertions on what a command left behind.
   *
   * @param actual the result
   * @return its assertions
   */
  default ExecResultAssert assertThat(ExecResult actual) {
    var assertions = proxy(ExecResultAssert.class, ExecResult.class, actual);
    assertions.navigation = Navigation.soft(this);
    return assertions;
  }

  /**
   * Begins assertions on how a sandbox or a process ended.
   *
   * @param actual the status
   * @return its assertions
   */
  default ExitStatusAssert assertThat(ExitStatus actual) {
    return proxy(ExitStatusAssert.class, ExitStatus.class, actual);
  }

  /**
   * Begins assertions on a process.
   *
   * @param actual the process
   * @return its assertions
   */
  default SandboxProcessAssert assertThat(SandboxProcess actual) {
    return proxy(SandboxProcessAssert.class, SandboxProcess.class, actual);
  }

  /**
   * Begins assertions on a sandbox; failures of those on its files are gathered too.
   *
   * @param actual the sandbox
   * @return its assertions
   */
  default SandboxAssert assertThat(Sandbox actual) {
    var assertions = proxy(SandboxAssert.class, Sandbox.class, actual);
    assertions.navigation = Navigation.soft(this);
    return assertions;
  }

  /**
   * Begins assertions on a file in a sandbox.
   *
   * @param actual the file
   * @return its assertions
   */
  default SandboxFileAssert assertThat(SandboxPath actual) {
    return Navigation.soft(this).file(actual);
  }

  /**
   * Begins assertions on what a command left behind.
   *
   * @param actual the result
   * @return its assertions
   */
  default ExecResultAssert then(ExecResult actual) {
    return assertThat(actual);
  }

  /**
   * Begins assertions on how a sandbox or a process ended.
   *
   * @param actual the status
   * @return its assertions
   */
  default ExitStatusAssert then(ExitStatus actual) {
    return assertThat(actual);
  }

  /**
   * Begins assertions on a process.
   *
   * @param actual the process
   * @return its assertions
   */
  default SandboxProcessAssert then(SandboxProcess actual) {
    return assertThat(actual);
  }

  /**
   * Begins assertions on a sandbox; failures of those on its files are gathered too.
   *
   * @param actual the sandbox
   * @return its assertions
   */
  default SandboxAssert then(Sandbox actual) {
    return assertThat(actual);
  }

  /**
   * Begins assertions on a file in a sandbox.
   *
   * @param actual the file
   * @return its assertions
   */
  default SandboxFileAssert then(SandboxPath actual) {
    return assertThat(actual);
  }
}
